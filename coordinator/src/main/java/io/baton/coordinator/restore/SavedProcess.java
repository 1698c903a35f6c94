package io.baton.coordinator.restore;

import io.baton.coordinator.state.OwnState;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.state.namespaces.SavedNamespaces;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FsEntry;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.image.proto.TaskKobjIdsEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One living process of an image, its files read. */
final class SavedProcess implements ProcessRestore {
    private final SavedTree tree;
    private final int entry;
    private final PstreeEntry pstree;
    private final List<CoreEntry> cores;
    private final MmEntry mm;
    private final FsEntry fs;
    private final List<FdinfoEntry> descriptors;
    private final TaskKobjIdsEntry ids;
    private final PagemapImage pagemap;

    private SavedProcess(
            final SavedTree tree,
            final int entry,
            final List<CoreEntry> cores,
            final MmEntry mm,
            final FsEntry fs,
            final List<FdinfoEntry> descriptors,
            final TaskKobjIdsEntry ids,
            final PagemapImage pagemap) {
        this.tree = tree;
        this.entry = entry;
        this.pstree = tree.entries().get(entry);
        this.cores = cores;
        this.mm = mm;
        this.fs = fs;
        this.descriptors = descriptors;
        this.ids = ids;
        this.pagemap = pagemap;
    }

    /** Reads the files of the process of that row of the tree. */
    static SavedProcess read(final SavedTree tree, final int entry) {
        final ImageDirectory directory = tree.directory();
        final PstreeEntry pstree = tree.entries().get(entry);
        final int pid = pstree.getPid();
        return SavedTree.reading(directory.path(), () -> {
            final List<CoreEntry> cores = new ArrayList<>(pstree.getThreadsCount());
            for (final int tid : pstree.getThreadsList()) {
                cores.add(directory.one(ImageKind.CORE, tid, CoreEntry.class));
            }
            final TaskKobjIdsEntry ids = directory.one(ImageKind.IDS, pid, TaskKobjIdsEntry.class);
            return new SavedProcess(
                    tree,
                    entry,
                    cores,
                    directory.one(ImageKind.MM, pid, MmEntry.class),
                    directory.one(ImageKind.FS, pid, FsEntry.class),
                    directory.allIfPresent(ImageKind.FDINFO, ids.getFilesId(), FdinfoEntry.class),
                    ids,
                    PagemapImage.readWithParents(directory, ImageKind.PAGEMAP, pid));
        });
    }

    /** Ids of what it shared with others. */
    @Override
    public TaskKobjIdsEntry ids() {
        return ids;
    }

    @Override
    public PstreeEntry pstree() {
        return pstree;
    }

    @Override
    public int position() {
        return tree.position(entry);
    }

    @Override
    public boolean mayHaveChildren() {
        return tree.mayHaveChildren(entry);
    }

    @Override
    public List<CoreEntry> cores() {
        return cores;
    }

    @Override
    public MmEntry mm() {
        return mm;
    }

    @Override
    public FsEntry fs() {
        return fs;
    }

    @Override
    public List<FdinfoEntry> descriptors() {
        return descriptors;
    }

    @Override
    public boolean isFirstOfTable() {
        return tree.isFirstOfTable(entry);
    }

    /** Whether nobody after it has its descriptor table. */
    boolean isLastOfTable() {
        return tree.isLastOfTable(entry);
    }

    @Override
    public PagemapImage pagemap() {
        return pagemap;
    }

    @Override
    public @Nullable FileEntry file(final int id) {
        return tree.file(id);
    }

    @Override
    public Collection<FileEntry> files() {
        return tree.files();
    }

    @Override
    public ImageDirectory directory() {
        return tree.directory();
    }

    @Override
    public int terminalFd() {
        return tree.terminalFd();
    }

    @Override
    public int imagesFd() {
        return tree.imagesFd();
    }

    @Override
    public RestoreOptions options() {
        return tree.options();
    }

    @Override
    public SavedNamespaces namespaces() {
        return tree.namespaces();
    }

    @Override
    public OwnState own() {
        return tree.own();
    }

    @Override
    public <T> T shared(final Class<T> type, final Supplier<T> maker) {
        return tree.shared(type, maker);
    }
}
