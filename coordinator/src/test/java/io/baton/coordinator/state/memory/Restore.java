package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.image.proto.TaskKobjIdsEntry;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The memory of one process on its way back. */
final class Restore {
    static final int IMAGES_FD = 100;

    private final ImageDirectory directory;
    private final PstreeEntry pstree;
    private final MmEntry mm;
    private final PagemapImage pagemap;
    private final IntFunction<@Nullable FileEntry> files;
    private final Map<Class<?>, Object> shared = new HashMap<>();

    Restore(ImageDirectory directory, int pid, MmEntry mm, IntFunction<@Nullable FileEntry> files) throws IOException {
        this.directory = directory;
        this.pstree = PstreeEntry.newBuilder()
                .setPid(pid)
                .setPpid(0)
                .setPgid(pid)
                .setSid(pid)
                .addThreads(pid)
                .build();
        this.mm = mm;
        this.pagemap = PagemapImage.readWithParents(directory, ImageKind.PAGEMAP, pid);
        this.files = files;
    }

    ProcessRestore asProcess() {
        return Partly.implemented(ProcessRestore.class, this);
    }

    ImageDirectory directory() {
        return directory;
    }

    PstreeEntry pstree() {
        return pstree;
    }

    MmEntry mm() {
        return mm;
    }

    TaskKobjIdsEntry ids() {
        return TaskKobjIdsEntry.getDefaultInstance();
    }

    int position() {
        return 0;
    }

    PagemapImage pagemap() {
        return pagemap;
    }

    @Nullable
    FileEntry file(int id) {
        return files.apply(id);
    }

    int imagesFd() {
        return IMAGES_FD;
    }

    <T> T shared(Class<T> type, Supplier<T> maker) {
        return type.cast(shared.computeIfAbsent(type, key -> maker.get()));
    }
}
