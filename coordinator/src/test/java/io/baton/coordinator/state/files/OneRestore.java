package io.baton.coordinator.state.files;

import io.baton.coordinator.state.OwnState;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.state.namespaces.SavedNamespaces;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FsEntry;
import io.baton.mktree.image.proto.InventoryEntry;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.image.proto.TaskKobjIdsEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A process of which there are only descriptors. */
record OneRestore(
        int pid,
        int imagesFd,
        List<FdinfoEntry> descriptors,
        Collection<FileEntry> files,
        ImageDirectory directory,
        Map<Class<?>, Object> shared)
        implements ProcessRestore {
    @Override
    public boolean mayHaveChildren() {
        return false;
    }

    @Override
    public PstreeEntry pstree() {
        return PstreeEntry.newBuilder()
                .setPid(pid)
                .setPpid(0)
                .setPgid(pid)
                .setSid(pid)
                .addThreads(pid)
                .build();
    }

    @Override
    public TaskKobjIdsEntry ids() {
        return TaskKobjIdsEntry.getDefaultInstance();
    }

    @Override
    public int position() {
        return pid - 1;
    }

    @Override
    public @Nullable FileEntry file(int id) {
        return files.stream().filter(entry -> entry.getId() == id).findFirst().orElse(null);
    }

    @Override
    public int terminalFd() {
        return -1;
    }

    @Override
    public RestoreOptions options() {
        return RestoreOptions.DEFAULT;
    }

    @Override
    public <T> T shared(Class<T> type, Supplier<T> maker) {
        return type.cast(shared.computeIfAbsent(type, key -> maker.get()));
    }

    @Override
    public List<CoreEntry> cores() {
        throw new UnsupportedOperationException();
    }

    @Override
    public MmEntry mm() {
        return MmEntry.getDefaultInstance(); // nothing mapped
    }

    @Override
    public PagemapImage pagemap() {
        throw new UnsupportedOperationException();
    }

    @Override
    public FsEntry fs() {
        throw new UnsupportedOperationException();
    }

    @Override
    public SavedNamespaces namespaces() {
        try {
            return new SavedNamespaces(
                    directory(),
                    InventoryEntry.getDefaultInstance(),
                    pstree().getPid(),
                    TaskKobjIdsEntry.getDefaultInstance(),
                    Set.of(),
                    List.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public OwnState own() {
        throw new UnsupportedOperationException();
    }
}
