package io.baton.coordinator.dump;

import com.google.protobuf.ByteString;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageWriter;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FileLockEntry;
import io.baton.mktree.image.proto.MemfdInodeEntry;
import io.baton.mktree.image.proto.PipeDataEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.mktree.image.proto.RemapFilePathEntry;
import io.baton.mktree.image.proto.SeccompEntry;
import io.baton.mktree.image.proto.SeccompFilter;
import io.baton.mktree.image.proto.SkPacketEntry;
import io.baton.mktree.image.proto.TtyDataEntry;
import io.baton.mktree.image.proto.TtyInfoEntry;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the processes of a tree share in the image, written as it comes. Before {@link #open} nothing can be added. */
final class CapturedTree implements TreeImage, Closeable {
    /** Several threads ask for what is shared. */
    private final Map<Class<?>, Object> shared = new ConcurrentHashMap<>();

    /** By the entry's bytes: to hash a message protobuf first reads the descriptions of all messages. */
    private final Map<ByteString, Integer> paths = new HashMap<>();

    private final Map<ImageKind, ImageWriter> writers = new EnumMap<>(ImageKind.class);
    private @Nullable ImageDirectory directory;
    private final Map<SeccompFilter, Integer> seccompFilters = new LinkedHashMap<>();
    private int fileIds;
    private int pagesIds;

    /** From now on the image is written there. */
    void open(ImageDirectory newDirectory) {
        directory = newDirectory;
    }

    /** Begins the files that CRIU wants even if there is nothing in them. */
    void beginFiles() throws IOException {
        writer(ImageKind.FILES);
    }

    @Override
    public ImageDirectory directory() {
        ImageDirectory open = directory;
        if (open == null) {
            throw new IllegalStateException("the image is not open yet");
        }
        return open;
    }

    @Override
    public int newFileId() {
        return ++fileIds;
    }

    @Override
    public int newPagesId() {
        return ++pagesIds;
    }

    @Override
    public void addFile(FileEntry file) {
        add(ImageKind.FILES, writer -> writer.write(file));
    }

    @Override
    public int addPath(RegFileEntry.Builder file) {
        ByteString key = file.setId(0).build().toByteString();
        Integer known = paths.get(key);
        if (known != null) {
            return known;
        }
        int id = newFileId();
        paths.put(key, id);
        addFile(FileEntry.newBuilder()
                .setType(FdTypes.REG)
                .setId(id)
                .setReg(file.setId(id))
                .build());
        return id;
    }

    @Override
    public void addPipeData(int pipeId, boolean fifo, int capacity, byte[] content) {
        PipeDataEntry entry = PipeDataEntry.newBuilder()
                .setPipeId(pipeId)
                .setBytes(content.length)
                .setSize(capacity)
                .build();
        add(fifo ? ImageKind.FIFO_DATA : ImageKind.PIPES_DATA, writer -> writer.write(entry, ByteBuffer.wrap(content)));
    }

    @Override
    public void addRemap(RemapFilePathEntry remap) {
        add(ImageKind.REMAP_FPATH, writer -> writer.write(remap));
    }

    @Override
    public void addFileLock(FileLockEntry lock) {
        add(ImageKind.FILE_LOCKS, writer -> writer.write(lock));
    }

    @Override
    public void addSocketData(SkPacketEntry packet, byte[] content) {
        add(ImageKind.SK_QUEUES, writer -> writer.write(packet, ByteBuffer.wrap(content)));
    }

    @Override
    public void addTerminal(TtyInfoEntry terminal) {
        add(ImageKind.TTY_INFO, writer -> writer.write(terminal));
    }

    @Override
    public void addTerminalData(int terminalId, ByteString content) {
        TtyDataEntry entry =
                TtyDataEntry.newBuilder().setTtyId(terminalId).setData(content).build();
        add(ImageKind.TTY_DATA, writer -> writer.write(entry));
    }

    @Override
    public void addMemoryFile(MemfdInodeEntry file) {
        add(ImageKind.MEMFD_INODE, writer -> writer.write(file));
    }

    @Override
    public int addSeccompFilter(SeccompFilter filter) {
        Integer known = seccompFilters.putIfAbsent(filter, seccompFilters.size());
        return known == null ? seccompFilters.size() - 1 : known;
    }

    /** All filters, by index. */
    SeccompEntry seccomp() {
        return SeccompEntry.newBuilder()
                .addAllSeccompFilters(seccompFilters.keySet())
                .build();
    }

    @Override
    public <T> T shared(Class<T> type, Supplier<T> maker) {
        Object known = shared.get(type);
        if (known == null) {
            // Whoever makes it may ask for others.
            synchronized (shared) {
                known = shared.get(type);
                if (known == null) {
                    known = maker.get();
                    shared.put(type, known);
                }
            }
        }
        return type.cast(known);
    }

    /** Writes an entry. */
    private interface Addition {
        void to(ImageWriter writer) throws IOException;
    }

    private void add(ImageKind kind, Addition addition) {
        try {
            addition.to(writer(kind));
        } catch (IOException e) {
            throw cannotWrite(directory().path(), e);
        }
    }

    private ImageWriter writer(ImageKind kind) throws IOException {
        ImageWriter writer = writers.get(kind);
        if (writer == null) {
            writer = directory().writer(kind, 0);
            writers.put(kind, writer);
        }
        return writer;
    }

    static BatonException cannotWrite(Path directory, IOException cause) {
        Path parent = directory.toAbsolutePath().getParent();
        if (cause instanceof NoSuchFileException && parent != null && !Files.isDirectory(parent)) {
            return new BatonException(
                    ErrorCode.IMAGE_IO,
                    "image cannot be written: " + directory + ": there is no directory " + parent,
                    "make it, or choose another one",
                    cause);
        }
        return new BatonException(
                ErrorCode.IMAGE_IO,
                "image cannot be written: " + directory + ": " + cause.getMessage(),
                "free some space or choose another directory",
                cause);
    }

    @Override
    public void close() throws IOException {
        for (ImageWriter writer : writers.values()) {
            writer.close();
        }
        for (Object kept : shared.values()) {
            if (kept instanceof Closeable closeable) {
                closeable.close();
            }
        }
        shared.clear();
    }
}
