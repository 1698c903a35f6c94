package io.baton.mktree.launch;

import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.segment.Segment;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.agrona.collections.IntArrayList;

/**
 * Takes down everything an unfinished restore has made. Tasks are known from the segment's slots; as they lose their
 * parents they become children of the helper's parent, a subreaper, so their pids cannot be given to others before we have
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
        if (helper.parent().isGone()) {
            return awaitEnd(
                    helper, deadlineNanos); // whose pids may be others' any moment: there is nobody who reaps for us
        }
        helper.kill();
        // Ghosts and placeholders may be gone and their pids given to others; they die with their parents.
        forEachTask(segment, ids, tid -> SystemCall.call(SyscallNumber.KILL, tid, SIGKILL));
        // Before the others: whoever waits for any child would take it from the helper's own account.
        if (!awaitEnd(helper, deadlineNanos)) {
            return false;
        }
        // A dead leader is told of only after its threads, which are ours to wait for if we trace them.
        while (reapChildren(helper)) {
            if (System.nanoTime() - deadlineNanos > 0) {
                return false;
            }
            forEachTask(segment, ids, tid -> reap(helper.parent(), tid));
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return true;
    }

    private static boolean awaitEnd(final Helper helper, final long deadlineNanos) {
        while (helper.poll() == null) {
            if (System.nanoTime() - deadlineNanos > 0) {
                return false;
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return true;
    }

    private static void forEachTask(final Segment segment, final TaskIds ids, final IntConsumer action) {
        final int tasks = segment.layout().taskCount();
        for (int slot = 0; slot < tasks; slot++) {
            final int tid = ids.of(segment.tid(slot));
            if (tid > 0) {
                action.accept(tid);
            }
        }
    }

    /**
     * One look at our children: reaps the dead and kills the others, for what did not die with its parent is our child by
     * now. Not those we had before the helper, which others may wait for.
     *
     * @return whether there were any. With those reaped their own may just have become ours
     */
    private static boolean reapChildren(final Helper helper) {
        final IntArrayList found = new IntArrayList();
        Children.forEach(helper.parent().pid(), child -> {
            if (helper.hasBrought(child)) {
                found.addInt(child);
            }
        });
        found.forEachInt(child -> {
            if (!reap(helper.parent(), child)) {
                SystemCall.call(SyscallNumber.KILL, child, SIGKILL);
            }
        });
        return !found.isEmpty();
    }

    /** The kernel tells a tracer first, and the parent when that has listened. */
    private static boolean reap(final Parent parent, final int tid) {
        return isGone(OwnParent.SELF, tid) && (parent == OwnParent.SELF || isGone(parent, tid));
    }

    private static boolean isGone(final Parent waiting, final int tid) {
        try {
            return waiting.reap(tid).isDead();
        } catch (final LinuxException e) {
            if (e.errno() == Errno.ECHILD) {
                return true;
            }
            throw e;
        }
    }
}
