package io.baton.coordinator.restore;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.plan.PlannedTask;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.VanishedException;

/** Whether the pids of a tree are free here, found out before anything is created. */
final class Pids {
    static final String REMEDY = "end the process that has it, or restore with --pidns into a new pid namespace";

    private static final int MOST_NAMED = 10;

    private Pids() {}

    /** Throws {@link ErrorCode#PID_TAKEN}, naming the pids and who has them, unless all are free. */
    static void checkFree(final CreationPlan plan) {
        final StringBuilder taken = new StringBuilder();
        int count = 0;
        try (ProcFs proc = new ProcFs()) {
            for (final PlannedTask task : plan.tasks()) {
                if (task.pid() > 0 && Signals.kill(task.pid(), 0) && count++ < MOST_NAMED) {
                    taken.append(count == 1 ? "" : ", ").append(task.pid()).append(owner(proc, task.pid()));
                }
            }
        }
        if (count > 0) {
            throw new BatonException(
                    ErrorCode.PID_TAKEN,
                    (count == 1 ? "pid is taken: " : count + " pids are taken: ")
                            + taken
                            + (count > MOST_NAMED ? ", ..." : ""),
                    REMEDY);
        }
    }

    private static String owner(final ProcFs proc, final int pid) {
        try {
            return " (" + proc.stat(pid, pid).comm() + ")";
        } catch (final VanishedException e) {
            return " (ending)";
        }
    }
}
