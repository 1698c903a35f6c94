package io.baton.coordinator.dump;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.ProcessImage;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.coordinator.tracking.TreeWatch;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageVersion;
import io.baton.mktree.image.Unfinished;
import io.baton.mktree.image.proto.CgroupEntry;
import io.baton.mktree.image.proto.InventoryEntry;
import io.baton.mktree.image.proto.LsmType;
import io.baton.mktree.image.proto.PluginsEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.image.proto.SeccompEntry;
import io.baton.mktree.image.proto.TaskKobjIdsEntry;
import io.baton.mktree.image.proto.TimensEntry;
import io.baton.mktree.image.proto.Timespec;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Writes the files of an image, process by process, and those of the whole tree. */
final class ImageOutput {
    /** Ids of kernel objects in CRIU's images: 1 is what CRIU itself has, the tree's begin after it. */
    private static final int OWN_ID = 1;

    /** Pages read from the running process, not taken through pipes: {@code --pre-dump-mode=read}. */
    private static final int PRE_DUMP_READ = 2;

    private static final int CONTROL_GROUP_SET = 1;
    private static final int CLOCK_MONOTONIC = 1;
    private static final int CLOCK_BOOTTIME = 7;

    private final ImageDirectory directory;
    private final boolean existed;
    private final TreeNamespaces namespaces;
    private final String run = newRun();
    private final List<PstreeEntry> rows = new ArrayList<>();
    /** By pid: the id of what a process has of its own. */
    private final Map<Integer, Integer> tables = new HashMap<>();

    private int lastId = OWN_ID;
    private int version = ImageVersion.PLAIN;

    private ImageOutput(ImageDirectory directory, boolean existed, TreeNamespaces namespaces) {
        this.directory = directory;
        this.existed = existed;
        this.namespaces = namespaces;
    }

    /** Begins an image. What is left there of an earlier one is removed. */
    static ImageOutput create(Path path, TreeNamespaces namespaces) throws IOException {
        boolean existed = Files.exists(path);
        return new ImageOutput(ImageDirectory.create(path), existed, namespaces);
    }

    ImageDirectory directory() {
        return directory;
    }

    /** Which dump this is; no other one has the same. */
    String run() {
        return run;
    }

    /** The same in short: what {@code baton_checkpoint()} returns. */
    int checkpoint() {
        return 1 + (int) (UUID.fromString(run).getLeastSignificantBits() & Integer.MAX_VALUE - 1);
    }

    private static String newRun() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return new UUID(random.nextLong(), random.nextLong()).toString();
    }

    /** Takes down the row of a process; in the order of the tree. */
    void addRow(SeizedProcess process) {
        rows.add(TreeRows.row(process, namespaces));
    }

    void writeZombie(SeizedProcess process) throws IOException {
        directory.write(ImageKind.CORE, namespaces.pidInside(process.pid()), Cores.zombie(process));
    }

    /** Writes what a living process has of its own. */
    void write(ProcessImage image) throws IOException {
        PstreeEntry row = image.pstree();
        int pid = row.getPid();
        int id = ++lastId;
        for (int i = 0; i < image.cores().size(); i++) {
            directory.write(
                    ImageKind.CORE, row.getThreads(i), image.cores().get(i).build());
        }
        tables.put(pid, id);
        int table = tables.getOrDefault(image.descriptorTable(), id);
        TaskKobjIdsEntry ids = ids(image.ids(), id);
        directory.write(
                ImageKind.IDS,
                pid,
                table == id ? ids : ids.toBuilder().setFilesId(table).build());
        directory.write(ImageKind.MM, pid, image.mm().build());
        directory.write(ImageKind.FS, pid, image.fs().build());
        if (table == id) {
            directory.write(ImageKind.FDINFO, id, image.descriptors());
        }
    }

    /** Nothing is shared between processes, or we would have refused, but namespaces and descriptor tables. */
    private TaskKobjIdsEntry ids(TaskKobjIdsEntry.Builder ids, int id) {
        ids.setVmId(id).setFilesId(id).setFsId(id).setSighandId(id);
        namespaces.identify(ids, id == OWN_ID);
        return ids.build();
    }

    /** To be told before the inventory is written: of pages that lie in the file of another process. */
    void sharesPages(boolean shared) {
        version = shared ? ImageVersion.SHARED_PAGES : ImageVersion.PLAIN;
    }

    /**
     * Writes what is of the whole tree; after all processes.
     *
     * @param lockMethod how packets are held off, as CRIU counts
     */
    void writeTree(SeccompEntry seccomp, @Nullable CgroupEntry groups, int lockMethod) throws IOException {
        directory.write(ImageKind.PSTREE, 0, rows);
        if (groups != null) {
            directory.write(ImageKind.CGROUP, 0, groups);
        }
        directory.write(ImageKind.SECCOMP, 0, seccomp);
        namespaces.write(directory);
        directory.write(
                ImageKind.TIMENS,
                0,
                TimensEntry.newBuilder()
                        .setMonotonic(now(CLOCK_MONOTONIC))
                        .setBoottime(now(CLOCK_BOOTTIME))
                        .build());
        writeInventory(InventoryEntry.newBuilder().setNetworkLockMethod(lockMethod));
    }

    /** Writes the inventory of a pre-dump, which is all it has besides pages. */
    void writePreDump() throws IOException {
        writeInventory(InventoryEntry.newBuilder().setNetworkLockMethod(0).setPreDumpMode(PRE_DUMP_READ));
    }

    private void writeInventory(InventoryEntry.Builder inventory) throws IOException {
        Timespec uptime = now(CLOCK_BOOTTIME);
        directory.write(
                ImageKind.INVENTORY,
                0,
                inventory
                        .setImgVersion(version)
                        .setFdinfoPerId(true)
                        .setRootIds(ids(TaskKobjIdsEntry.newBuilder(), OWN_ID))
                        .setNsPerId(true)
                        .setRootCgSet(CONTROL_GROUP_SET)
                        .setLsmtype(LsmType.NO_LSM)
                        // CRIU tells by it whether a process is older than the image.
                        .setDumpUptime(TimeUnit.SECONDS.toMicros(uptime.getTvSec())
                                + TimeUnit.NANOSECONDS.toMicros(uptime.getTvNsec()))
                        .setPluginsEntry(PluginsEntry.getDefaultInstance())
                        .setDumpCriuRunId(run)
                        .build());
    }

    /**
     * Ends the image.
     *
     * @param watch left to a keeper if it goes on; null if there is none
     * @param previous the image it builds on, as the link to it says
     */
    void seal(@Nullable TreeWatch watch, @Nullable Path previous) throws IOException {
        if (watch == null) {
            directory.seal();
            return;
        }
        if (previous != null) {
            directory.linkParent(previous);
        }
        watch.keep(run).write(directory);
        directory.seal();
    }

    private static Timespec now(int clock) {
        try (Memory time = Memory.allocate(16)) {
            SystemCall.check(
                    SystemCall.call(SyscallNumber.CLOCK_GETTIME, clock, time.address()), SyscallNumber.CLOCK_GETTIME);
            return Timespec.newBuilder()
                    .setTvSec(time.buffer().getLong(0))
                    .setTvNsec(time.buffer().getLong(8))
                    .build();
        }
    }

    /** Removes all that was written, so that nobody takes it for an image; and the directory, if it was made for it. */
    void discard() throws IOException {
        Unfinished.discard(directory.path(), !existed);
    }
}
