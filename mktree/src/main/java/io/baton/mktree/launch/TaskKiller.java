package io.baton.mktree.launch;

import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
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
        helper.kill();
        final int slots = segment.layout().slotCount();
        for (int slot = 0; slot < slots; slot++) {
            final int tid = segment.tid(slot);
            if (tid > 0) {
                SystemCall.call(SyscallNumber.KILL, tid, SIGKILL);
            }
        }
        return reapAll(helper, deadlineNanos);
    }

    private static boolean reapAll(final Helper helper, final long deadlineNanos) {
        while (true) {
            helper.poll();
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
        }
    }
}
