package io.baton.coordinator.restore;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.plan.PlannedTask;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.Signals;
import io.baton.task.linux.VanishedException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Whether the pids of a tree are free here, found out before anything is created. */
final class Pids {
    static final String REMEDY = "end the process that has it, or restore with --pidns into a new pid namespace";

    private static final int MOST_NAMED = 10;

    /**
     * Who restores right after a dump finds what it killed not yet reaped by whoever its orphans came to: some inits
     * take their time.
     */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private Pids() {}

    /** Throws {@link ErrorCode#PID_TAKEN}, naming the pids and who has them, unless all are free. */
    static void checkFree(final CreationPlan plan) {
        final long until = System.nanoTime() + PATIENCE_NANOS;
        try (ProcFs proc = new ProcFs()) {
            List<Integer> taken = taken(plan);
            while (!taken.isEmpty() && areZombies(proc, taken) && System.nanoTime() - until < 0) {
                LockSupport.parkNanos(PAUSE_NANOS);
                taken = taken(plan);
            }
            if (!taken.isEmpty()) {
                throw failure(proc, taken);
            }
        }
    }

    private static List<Integer> taken(final CreationPlan plan) {
        final List<Integer> taken = new ArrayList<>();
        for (final PlannedTask task : plan.tasks()) {
            if (task.pid() > 0 && Signals.kill(task.pid(), 0)) {
                taken.add(task.pid());
            }
        }
        return taken;
    }

    private static boolean areZombies(final ProcFs proc, final List<Integer> pids) {
        return pids.stream().allMatch(pid -> isZombie(proc, pid));
    }

    private static boolean isZombie(final ProcFs proc, final int pid) {
        try {
            return proc.stat(pid, pid).isZombie();
        } catch (final VanishedException e) {
            return true; // gone by now
        }
    }

    private static BatonException failure(final ProcFs proc, final List<Integer> taken) {
        final StringBuilder text = new StringBuilder();
        text.append(taken.size() == 1 ? "pid is taken: " : taken.size() + " pids are taken: ");
        for (int i = 0; i < Math.min(taken.size(), MOST_NAMED); i++) {
            text.append(i == 0 ? "" : ", ").append(taken.get(i)).append(owner(proc, taken.get(i)));
        }
        return new BatonException(
                ErrorCode.PID_TAKEN,
                text.append(taken.size() > MOST_NAMED ? ", ..." : "").toString(),
                REMEDY);
    }

    private static String owner(final ProcFs proc, final int pid) {
        try {
            final ProcStat stat = proc.stat(pid, pid);
            return " (" + stat.comm() + (stat.isZombie() ? ", dead but not reaped by " + stat.parent() : "") + ")";
        } catch (final VanishedException e) {
            return " (ending)";
        }
    }
}
