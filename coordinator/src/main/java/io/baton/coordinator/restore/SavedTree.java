package io.baton.coordinator.restore;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.OwnState;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.state.files.InheritedFiles;
import io.baton.coordinator.state.ghosts.GhostFiles;
import io.baton.coordinator.state.namespaces.SavedNamespaces;
import io.baton.coordinator.state.tcp.NetworkLock;
import io.baton.coordinator.state.tcp.RestoredConnections;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageException;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageVersion;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.InventoryEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.image.proto.TaskKobjIdsEntry;
import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.plan.CreationPlanner;
import io.baton.mktree.plan.PlanException;
import io.baton.mktree.plan.PlanOptions;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.TreeException;
import io.baton.mktree.tree.TreeFromImage;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/** An image, opened for a restore: its tree and what its processes share. Their own files are read one by one. */
final class SavedTree {
    /** The only version of the format CRIU has used since 2012. */

    /** {@link SavedProcess} reads every file of these kinds, before anything is created. */
    private static final Set<ImageKind> READ_BY_PROCESSES =
            Set.of(ImageKind.CORE, ImageKind.IDS, ImageKind.MM, ImageKind.FS, ImageKind.FDINFO, ImageKind.PAGEMAP);

    private final ImageDirectory directory;
    private final RestoreOptions options;
    private final OwnState own;
    private final List<PstreeEntry> entries;
    private final SavedNamespaces namespaces;
    private final int[] positions;
    private final Int2ObjectHashMap<FileEntry> files = new Int2ObjectHashMap<>();
    private final Map<Class<?>, Object> shared = new HashMap<>();
    private final BitSet parents = new BitSet();
    private int dumperGroups;
    private String networkLock = "";
    private @Nullable DescriptorTables tables;
    private int imagesFd;
    private int terminalFd = -1;

    private SavedTree(
            final ImageDirectory directory,
            final RestoreOptions options,
            final OwnState own,
            final List<PstreeEntry> entries,
            final SavedNamespaces namespaces) {
        this.directory = directory;
        this.options = options.with(namespaces.wanted());
        this.namespaces = namespaces;
        this.own = own;
        this.entries = entries;
        this.positions = new int[entries.size()];
    }

    /** Opens and checks what belongs to the whole tree; with a manifest, every file but the pages. */
    static SavedTree open(final Path path, final RestoreOptions options, final OwnState own) {
        return reading(path, () -> {
            final ImageDirectory directory = ImageDirectory.open(path);
            directory.verifyRest(options.verifyPages(), READ_BY_PROCESSES);
            final InventoryEntry inventory = directory.one(ImageKind.INVENTORY, 0, InventoryEntry.class);
            if (!ImageVersion.isKnown(inventory.getImgVersion())) {
                throw badImage("inventory.img: unknown image version " + inventory.getImgVersion());
            }
            final List<PstreeEntry> entries = directory.all(ImageKind.PSTREE, 0, PstreeEntry.class);
            final int root = entries.isEmpty() ? 0 : entries.get(0).getPid();
            final TaskKobjIdsEntry ids = directory
                    .find(ImageKind.IDS, root, TaskKobjIdsEntry.class)
                    .orElse(TaskKobjIdsEntry.getDefaultInstance());
            final SavedTree tree = new SavedTree(
                    directory,
                    options,
                    own,
                    entries,
                    new SavedNamespaces(directory, inventory, root, ids, options.namespaces(), options.joins()));
            tree.dumperGroups = inventory.getRootCgSet();
            tree.networkLock =
                    inventory.getNetworkLockMethod() == NetworkLock.METHOD_NFTABLES ? inventory.getDumpCriuRunId() : "";
            tree.readShared();
            return tree;
        });
    }

    private void readShared() throws IOException {
        int position = 0;
        for (int i = 0; i < entries.size(); i++) {
            if (entries.get(i).getThreadsCount() == 0) {
                throw badImage("pstree.img: pid " + entries.get(i).getPid() + " has no threads");
            }
            positions[i] = position;
            position += entries.get(i).getThreadsCount();
        }
        for (final FileEntry file : directory.allIfPresent(ImageKind.FILES, 0, FileEntry.class)) {
            if (files.put(file.getId(), file) != null) {
                throw badImage("files.img: id " + file.getId() + " stands twice");
            }
        }
    }

    ImageDirectory directory() {
        return directory;
    }

    /** Number of the set of control groups that whoever dumped was in. */
    int dumperGroups() {
        return dumperGroups;
    }

    /** TCP connections that are to go on. */
    RestoredConnections connections() {
        return shared(RestoredConnections.class, RestoredConnections::new);
    }

    /** Name of what has held off their packets since the dump; null for nothing. */
    @Nullable
    String networkLock() {
        return networkLock.isEmpty() ? null : NetworkLock.nameOf(networkLock);
    }

    /** Those the tree comes back in. */
    SavedNamespaces namespaces() {
        return namespaces;
    }

    RestoreOptions options() {
        return options;
    }

    OwnState own() {
        return namespaces.areInner() ? own.inside() : own;
    }

    List<PstreeEntry> entries() {
        return entries;
    }

    /** Position in the PID array of the leader of that entry. */
    int position(final int entry) {
        return positions[entry];
    }

    /** The row of the tree whose leader has that position, -1 if it is a thread's. */
    int entryAt(final int position) {
        return Math.max(-1, Arrays.binarySearch(positions, position));
    }

    /** Whether a process may have children before its turn comes; known when there is a plan. */
    boolean mayHaveChildren(final int entry) {
        final int first = positions[entry];
        final int child = parents.nextSetBit(first);
        return child >= 0 && child < first + entries.get(entry).getThreadsCount();
    }

    @Nullable
    FileEntry file(final int id) {
        return files.get(id);
    }

    Collection<FileEntry> files() {
        return files.values();
    }

    int terminalFd() {
        return terminalFd;
    }

    int imagesFd() {
        return imagesFd;
    }

    /** Who makes whom. */
    CreationPlan plan(final Processes processes) {
        return plan(processes, false);
    }

    /**
     * Who makes whom.
     *
     * @param rootFirst the root waits in stages of its own before it makes others
     */
    CreationPlan plan(final Processes processes, final boolean rootFirst) {
        try {
            final ProcessTree tree = TreeFromImage.of(entries, processes::leader);
            for (int row = 0; row < entries.size(); row++) {
                if (tree.task(row).zombie() != TreeFromImage.isZombie(entries.get(row))) {
                    throw badImage(
                            "pstree.img: pid " + entries.get(row).getPid() + " is dead there or in its core only");
                }
            }
            final CreationPlan plan = CreationPlanner.plan(tree, planOptions(rootFirst));
            namespaces.heldBy(plan.holderSlot());
            for (int slot = 0; slot < plan.taskCount(); slot++) {
                parents.set(slot, plan.mayHaveChildren(slot));
            }
            return plan;
        } catch (final TreeException | PlanException e) {
            throw badImage("pstree.img: " + e.getMessage());
        }
    }

    private PlanOptions planOptions(final boolean rootFirst) {
        PlanOptions plan = PlanOptions.defaults();
        if (rootFirst || namespaces.hasWork() || (options.pidNamespace() && rootIsInit())) {
            plan = namespaces.areHeld() ? plan.withHeldNamespaces() : plan.withNamespaces();
        }
        return options.pidNamespace() && !rootIsInit() ? plan.withReapingHelper() : plan;
    }

    /** Whether the root is its pid namespace's init. */
    boolean rootIsInit() {
        return entries.get(0).getPid() == 1;
    }

    /** Numbers of the descriptors that tasks have besides their own while they restore; -1: no terminal. */
    void inherited(final int images, final int terminal) {
        imagesFd = images;
        terminalFd = terminal;
    }

    CoreEntry core(final int tid) {
        return reading(directory.path(), () -> directory.one(ImageKind.CORE, tid, CoreEntry.class));
    }

    /** Who has whose descriptor table; once all processes are read. */
    void tables(final DescriptorTables newTables) {
        tables = newTables;
    }

    /** Whether that row restores its descriptor table; the first of those that have it. */
    boolean isFirstOfTable(final int entry) {
        return tables == null || tables.isFirst(entry);
    }

    /** Whether no row after that one has its descriptor table. */
    boolean isLastOfTable(final int entry) {
        return tables == null || tables.isLast(entry);
    }

    /** How many tasks there are, all their threads and zombies counted. */
    int positionCount() {
        final int end = entries.size() - 1;
        return positions[end] + entries.get(end).getThreadsCount();
    }

    /** Whether the tree has a process or thread with that id. */
    boolean hasTask(final int id) {
        return entries.stream()
                .anyMatch(row -> row.getPid() == id || row.getThreadsList().contains(id));
    }

    /** Files without a name. */
    GhostFiles ghosts() {
        return shared(GhostFiles.class, () -> GhostFiles.read(directory, files::get));
    }

    /** Files that only we can open. */
    InheritedFiles inheritedFiles() {
        return shared(InheritedFiles.class, () -> InheritedFiles.read(files.values(), directory, options.inherited()));
    }

    <T> T shared(final Class<T> type, final Supplier<T> maker) {
        return type.cast(shared.computeIfAbsent(type, key -> maker.get()));
    }

    /** Something that reads image files. */
    interface Reader<T> {
        T read() throws IOException;
    }

    /** Runs a reader; what the image is to blame for becomes {@link ErrorCode#BAD_IMAGE}. */
    static <T> T reading(final Path path, final Reader<T> reader) {
        try {
            return reader.read();
        } catch (final ImageException e) {
            throw new BatonException(
                    ErrorCode.BAD_IMAGE, String.valueOf(e.getMessage()), "dump again, or restore a good copy", e);
        } catch (final NoSuchFileException e) {
            throw new BatonException(
                    ErrorCode.BAD_IMAGE, "no such image file: " + e.getMessage(), "check -D/--images-dir", e);
        } catch (final IOException e) {
            throw new BatonException(ErrorCode.IMAGE_IO, "cannot read " + path + ": " + e, "", e);
        }
    }

    static BatonException badImage(final String message) {
        return new BatonException(ErrorCode.BAD_IMAGE, message, "dump again, or restore a good copy");
    }
}
