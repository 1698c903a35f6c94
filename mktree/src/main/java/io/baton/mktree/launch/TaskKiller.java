package io.baton.mktree.launch;

import io.baton.task.linux.Errno;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.VanishedException;
import io.baton.task.linux.Wait;
import io.baton.task.linux.WaitStatus;
import io.baton.task.segment.Segment;
import java.util.concurrent.locks.LockSupport;

/**
 * Takes down everything an unfinished restore has made. Tasks are known from the segment's slots; as they lose their
 * parents they become children of the coordinator, a subreaper, so their pids cannot be given to others before we have
 * reaped them.
 */
public final class TaskKiller {
    private static final int SIGKILL = 9;
    private static final long PAUSE_NANOS = 200_000;

    private TaskKiller() {}

    /**
     * Kills and reaps.
     *
     * @param deadlineNanos System.nanoTime by which all must be gone
     * @return false when something was still there at the deadline
     */
    public static boolean killAll(final Segment segment, final Helper helper, final long deadlineNanos) {
        return killAll(segment, helper, TaskIds.same(), deadlineNanos);
    }

    /**
     * Kills and reaps, in a pid namespace too.
     *
     * @param ids of the tasks; the root of a namespace is known by our name for it, as we made it
     * @param deadlineNanos System.nanoTime by which all must be gone
     * @return false when something was still there at the deadline
     */
    public static boolean killAll(
            final Segment segment, final Helper helper, final TaskIds ids, final long deadlineNanos) {
        helper.kill();
        // Ghosts and placeholders may be gone and their pids given to others; they die with their parents.
        final int tasks = segment.layout().taskCount();
        for (int slot = 0; slot < tasks; slot++) {
            final int tid = ids.isNamespace() ? ids.of(segment.tid(slot)) : segment.tid(slot);
            if (tid > 0) {
                SystemCall.call(SyscallNumber.KILL, tid, SIGKILL);
            }
        }
        // Before the others: whoever waits for any child would take it from the helper's own account.
        while (helper.poll() == null) {
            if (System.nanoTime() - deadlineNanos > 0) {
                return false;
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return reapAll(deadlineNanos);
    }

    private static boolean reapAll(final long deadlineNanos) {
        while (true) {
            try {
                final WaitStatus status = Wait.wait4(-1, Wait.WNOHANG | Wait.WALL);
                if (!status.isNone()) {
                    continue;
                }
            } catch (final LinuxException e) {
                if (e.errno() == Errno.ECHILD) {
                    return true;
                }
                throw e;
            }
            if (System.nanoTime() - deadlineNanos > 0) {
                return false;
            }
            LockSupport.parkNanos(PAUSE_NANOS);
            killChildren();
        }
    }

    /** What did not die with its parent is our child by now, or will be. */
    private static void killChildren() {
        final int self = Identity.pid();
        try (ProcFs proc = new ProcFs()) {
            for (final int thread : proc.threads(self)) {
                for (final int child : proc.children(self, thread)) {
                    SystemCall.call(SyscallNumber.KILL, child, SIGKILL);
                }
            }
        } catch (final VanishedException e) {
            // One of our threads has ended; the next round sees the others.
        }
    }
}
