package io.baton.coordinator.state;

import com.google.protobuf.ByteString;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FileLockEntry;
import io.baton.mktree.image.proto.MemfdInodeEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.mktree.image.proto.RemapFilePathEntry;
import io.baton.mktree.image.proto.SeccompFilter;
import io.baton.mktree.image.proto.SkPacketEntry;
import io.baton.mktree.image.proto.TtyInfoEntry;

/** What the processes of a tree share in the image. */
public interface TreeImage {
    /** A fresh id for a file description, unique in the image, counted from 1. */
    int newFileId();

    /** Adds a file description to {@code files.img}; its id comes from {@link #newFileId()}. */
    void addFile(FileEntry file);

    /**
     * Adds a file that is named only by path (executable, mapped file, working directory) and returns its id. CRIU has
     * one entry for each use; equal entries may share one.
     */
    int addPath(RegFileEntry.Builder file);

    /** Adds what is in a pipe to {@code pipes-data.img} (or {@code fifo-data.img}). */
    void addPipeData(int pipeId, boolean fifo, int capacity, byte[] content);

    /** Adds to {@code remap-fpath.img} that a file has lost its name. */
    void addRemap(RemapFilePathEntry remap);

    /** Adds a lock to {@code filelocks.img}. */
    void addFileLock(FileLockEntry lock);

    /** Adds a message that waits in a socket to {@code sk-queues.img}. */
    void addSocketData(SkPacketEntry packet, byte[] content);

    /** Adds a terminal to {@code tty-info.img}. */
    void addTerminal(TtyInfoEntry terminal);

    /** Adds what is unread in a terminal to {@code tty-data.img}. */
    void addTerminalData(int terminalId, ByteString content);

    /** Adds a memory file to {@code memfd.img}. */
    void addMemoryFile(MemfdInodeEntry file);

    /** Adds a filter to {@code seccomp.img}; returns its index there, that of an equal one if there is one. */
    int addSeccompFilter(SeccompFilter filter);

    /** Where the image is written. */
    ImageDirectory directory();

    /** A fresh id for a {@code pages-ID.img}, counted from 1. */
    int newPagesId();

    /** State a kind keeps for the whole operation, made at first use. */
    <T> T shared(Class<T> type, java.util.function.Supplier<T> maker);
}
