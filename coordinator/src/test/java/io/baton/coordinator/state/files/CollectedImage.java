package io.baton.coordinator.state.files;

import com.google.protobuf.ByteString;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FileLockEntry;
import io.baton.mktree.image.proto.MemfdInodeEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.mktree.image.proto.RemapFilePathEntry;
import io.baton.mktree.image.proto.SeccompFilter;
import io.baton.mktree.image.proto.SkPacketEntry;
import io.baton.mktree.image.proto.TtyInfoEntry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/** An image that stays in memory. */
final class CollectedImage implements TreeImage {
    final List<FileEntry> files = new ArrayList<>();
    private final Map<Integer, byte[]> pipes = new HashMap<>();
    private final Map<Integer, byte[]> namedPipes = new HashMap<>();
    final List<TtyInfoEntry> terminals = new ArrayList<>();
    private final Map<Class<?>, Object> shared = new HashMap<>();
    private int lastId;

    byte[] pipe(int id) {
        return Objects.requireNonNull(pipes.get(id));
    }

    byte[] namedPipe(int id) {
        return Objects.requireNonNull(namedPipes.get(id));
    }

    @Override
    public int newFileId() {
        return ++lastId;
    }

    @Override
    public void addFile(FileEntry file) {
        files.add(file);
    }

    @Override
    public int addPath(RegFileEntry.Builder file) {
        int id = newFileId();
        files.add(FileEntry.newBuilder()
                .setType(FdTypes.REG)
                .setId(id)
                .setReg(file.setId(id))
                .build());
        return id;
    }

    @Override
    public void addPipeData(int pipeId, boolean fifo, int capacity, byte[] content) {
        (fifo ? namedPipes : pipes).put(pipeId, content);
    }

    @Override
    public void addRemap(RemapFilePathEntry remap) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void addFileLock(FileLockEntry lock) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void addSocketData(SkPacketEntry packet, byte[] content) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void addTerminalData(int terminalId, ByteString content) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void addMemoryFile(MemfdInodeEntry file) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int addSeccompFilter(SeccompFilter filter) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void addTerminal(TtyInfoEntry terminal) {
        terminals.add(terminal);
    }

    @Override
    public ImageDirectory directory() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int newPagesId() {
        throw new UnsupportedOperationException();
    }

    @Override
    public <T> T shared(Class<T> type, Supplier<T> maker) {
        return type.cast(shared.computeIfAbsent(type, key -> maker.get()));
    }
}
