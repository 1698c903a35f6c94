package io.baton.coordinator.restore;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.Details;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.memory.AddressSpace;
import io.baton.coordinator.state.memory.MappingNames;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.launch.Helper;
import io.baton.mktree.plan.RestoreStage;
import io.baton.mktree.tree.TreeFromImage;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.VanishedException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The living processes of an image, read once, and the addresses they use. */
final class Processes implements FailureReport.Things, ContextStream.Source {
    private static final long PAUSE_NANOS = 50_000;
    private static final long HELPER_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final SavedTree tree;
    private final @Nullable SavedProcess[] read;
    private final @Nullable CoreEntry[] zombies;
    private @Nullable DescriptorTables tables;
    private final AddressSpace addresses = new AddressSpace();
    private final BitSet ending = new BitSet();
    private final Map<Integer, String> names = new HashMap<>();

    Processes(final SavedTree tree) {
        this.tree = tree;
        for (int entry = 0; entry < tree.entries().size(); entry++) {
            final PstreeEntry row = tree.entries().get(entry);
            if (TreeFromImage.isZombie(row) || row.getLeaderDead()) {
                ending.set(tree.position(entry));
            }
        }
        this.read = new SavedProcess[tree.entries().size()];
        this.zombies = new CoreEntry[tree.entries().size()];
    }

    /** Who has whose descriptor table; null until all are read. */
    @Nullable
    DescriptorTables tables() {
        return tables;
    }

    /** Reads all of them, on all cores. */
    void readAll() {
        if (read.length == 1) {
            leader(0);
        } else {
            IntStream.range(0, read.length).parallel().forEach(this::leader);
        }
        tables = new DescriptorTables(tree, this);
        tree.tables(tables);
    }

    /** The leader's core of that row of the tree, a zombie's too. */
    @Override
    public CoreEntry leader(final int entry) {
        if (!TreeFromImage.isZombie(tree.entries().get(entry))) {
            return process(entry).core();
        }
        CoreEntry core = zombies[entry];
        if (core == null) {
            core = tree.core(tree.entries().get(entry).getPid());
            zombies[entry] = core;
        }
        return core;
    }

    /** The process of that row of the tree. */
    @Override
    public SavedProcess process(final int entry) {
        SavedProcess process = read[entry];
        if (process == null) {
            process = SavedProcess.read(tree, entry);
            read[entry] = process;
        }
        return process;
    }

    /** The living process whose leader is in that slot, null for all others. */
    @Nullable
    SavedProcess inSlot(final int slot) {
        final int entry = tree.entryAt(slot);
        return entry < 0 || TreeFromImage.isZombie(tree.entries().get(entry)) ? null : process(entry);
    }

    /** What an instruction of that task is about, in words. */
    @Override
    public String describe(final int pid, final int tag) {
        for (int entry = 0; entry < read.length; entry++) {
            final SavedProcess process = read[entry];
            if (process != null && process.pstree().getPid() == pid) {
                return MappingNames.describe(process, tag);
            }
        }
        return Item.describe(tag);
    }

    @Override
    public String name(final int pid) {
        return names().getOrDefault(pid, "");
    }

    /** All tasks by name; for those who report. */
    private Map<Integer, String> names() {
        if (names.isEmpty()) {
            for (int entry = 0; entry < read.length; entry++) {
                final PstreeEntry row = tree.entries().get(entry);
                names.put(row.getPid(), leader(entry).getTc().getComm());
                for (int i = 1; i < row.getThreadsCount() && !TreeFromImage.isZombie(row); i++) {
                    names.put(
                            row.getThreads(i),
                            process(entry).cores().get(i).getThreadCore().getComm());
                }
            }
        }
        return names;
    }

    @Override
    public boolean ends(final int position) {
        return ending.get(position);
    }

    /** The union of all address ranges in use. */
    AddressSpace addresses() {
        return addresses;
    }

    /** Waits until every task that has to become a zombie is one, with the exit status it had; dead leaders too. */
    void awaitZombies(final Operation operation) {
        try (ProcFs proc = new ProcFs()) {
            for (int entry = 0; entry < read.length; entry++) {
                final PstreeEntry row = tree.entries().get(entry);
                if (TreeFromImage.isZombie(row) || row.getLeaderDead()) {
                    // The exit status of a leader whose threads live shows when they are dead too.
                    final int status =
                            row.getLeaderDead() ? 0 : leader(entry).getTc().getExitCode();
                    operation.await(() -> isDead(proc, operation.ids().of(row.getPid()), row.getPid(), status), () -> {
                        LockSupport.parkNanos(PAUSE_NANOS); // a death rings no bell
                        return true;
                    });
                }
            }
        }
    }

    private static boolean isDead(final ProcFs proc, final int pid, final int saved, final int status) {
        try {
            final ProcStat stat = proc.stat(pid);
            // The kernel shows 0 to those who may not know.
            if (stat.isZombie() && stat.threads() <= 1 && stat.exitCode() != status && stat.exitCode() != 0) {
                throw died(
                        saved,
                        "pid " + saved + ": the zombie has another exit status: is=" + stat.exitCode() + ", saved="
                                + status);
            }
            return stat.isZombie();
        } catch (final VanishedException e) {
            throw died(saved, "pid " + saved + ": the zombie was reaped by its parent");
        }
    }

    private static BatonException died(final int pid, final String message) {
        return new BatonException(
                ErrorCode.TASK_DIED,
                message,
                "it was killed from outside",
                new Details(pid, RestoreStage.RESTORE.name(), "", "", ""),
                null);
    }

    /** Waits for the helper's end after the gate; somebody may have stopped it. */
    static void awaitHelper(final Helper helper) {
        final long until = System.nanoTime() + HELPER_NANOS;
        while (helper.poll() == null) {
            if (System.nanoTime() - until > 0) {
                helper.kill();
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
