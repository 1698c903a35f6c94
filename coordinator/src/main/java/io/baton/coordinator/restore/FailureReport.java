package io.baton.coordinator.restore;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.Details;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.launch.TaskIds;
import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.plan.PlannedTask;
import io.baton.mktree.plan.RestoreStage;
import io.baton.task.linux.Errno;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.VanishedException;
import io.baton.task.program.Op;
import io.baton.task.segment.Segment;
import io.baton.task.segment.SlotDescriptor;
import org.agrona.concurrent.UnsafeBuffer;

/** Says what went wrong from what the slots hold: the task, the thing, the call. */
final class FailureReport {
    private final Segment segment;
    private final CreationPlan plan;
    private final RestoreStage stage;
    private final Things things;

    /** Knows what tags are about. */
    interface Things {
        /** The thing in words, as far as the task with that pid has it. */
        String describe(int pid, int tag);

        /** The kernel's comm of the task with that pid. */
        String name(int pid);

        /** Whether the task at that position is to be dead once it is restored: a zombie, a leader that has exited. */
        boolean ends(int position);
    }

    FailureReport(final Segment segment, final CreationPlan plan, final RestoreStage stage, final Things things) {
        this.segment = segment;
        this.plan = plan;
        this.stage = stage;
        this.things = things;
    }

    /** The error a task met. */
    BatonException failure(final int slot, final TaskIds ids) {
        final UnsafeBuffer buffer = segment.buffer();
        final int at = segment.slot(slot);
        final int errno = buffer.getInt(at + SlotDescriptor.ERROR_OFFSET);
        if (errno == Errno.ETIMEDOUT) {
            return timeout(ids, false); // it waited for others
        }
        final Details details = new Details(
                plan.task(slot).pid(), stage.name(), thing(slot), SlotText.call(buffer, at), Errno.nameOf(errno));
        final String text = "pid " + details.pid() + ": " + details.item() + ": " + details.call() + ": "
                + details.errno() + " (" + Errno.messageOf(errno) + "), in stage " + stage;
        final boolean taken = errno == Errno.EEXIST && SlotText.op(buffer, at) == Op.CLONE;
        return new BatonException(
                taken ? ErrorCode.PID_TAKEN : ErrorCode.TASK_FAILED,
                text,
                taken ? Pids.REMEDY : remedy(errno),
                details,
                null);
    }

    private static String remedy(final int errno) {
        return switch (errno) {
            case Errno.EAGAIN ->
                "pids or processes ran out: raise pids.max of the cgroup, kernel.pid_max or kernel.threads-max";
            case Errno.ENOMEM -> "memory, or the number of mappings (vm.max_map_count), ran out: make room";
            case Errno.EMFILE, Errno.ENFILE -> "descriptors ran out: raise ulimit -n or fs.file-max";
            case Errno.ENOENT, Errno.ENOTDIR -> "put it back where it was when the image was made";
            case Errno.EPERM, Errno.EACCES -> "a right is missing: baton check says which";
            default -> "baton explain shows the call among its neighbours";
        };
    }

    /**
     * Who has not come so far, the time being up.
     *
     * @param ofStage whether it was the stage's time
     */
    BatonException timeout(final TaskIds ids, final boolean ofStage) {
        final String which = ofStage ? "--stage-timeout" : "--timeout";
        final LateTasks late = new LateTasks(segment, plan, stage, things, ids);
        return new BatonException(
                ErrorCode.TIMEOUT,
                "deadline (" + which + ") passed in stage " + stage + late,
                "see what holds the tasks named; a longer " + which + ", or 0 for none",
                new Details(late.first(), stage.name(), "", "", ""),
                null);
    }

    /** Finds a task that died without a word: killed from outside, or by the kernel for want of memory. */
    void throwIfSomeoneDied(final TaskIds ids) {
        // Ghosts and placeholders leave when the orphans have their parents.
        final int slots = stage.compareTo(RestoreStage.ORPHANS) < 0 ? plan.helperSlot() : plan.taskCount();
        try (ProcFs proc = new ProcFs()) {
            for (int slot = 0; slot < slots; slot++) {
                final int state = segment.state(slot);
                final boolean absent = state == SlotDescriptor.STATE_ABSENT;
                if (state == SlotDescriptor.STATE_DONE && slot < plan.taskCount() && things.ends(slot)) {
                    continue;
                }
                final int tid = ids.of(absent ? plan.task(slot).pid() : segment.tid(slot));
                if (tid > 0 && (absent ? isStillborn(proc, slot, tid) : isDead(proc, tid))) {
                    throw new BatonException(
                            ErrorCode.TASK_DIED,
                            "pid " + plan.task(slot).pid() + " died in stage " + stage + ": "
                                    + SlotText.describe(segment, slot) + " about " + thing(slot),
                            "it was killed from outside, or memory ran out",
                            new Details(plan.task(slot).pid(), stage.name(), thing(slot), "", ""),
                            null);
                }
            }
        }
    }

    /** Whether it was made and has died before it could say so. */
    private boolean isStillborn(final ProcFs proc, final int slot, final int pid) {
        try {
            return plan.task(slot).kind() != PlannedTask.Kind.THREAD
                    && proc.stat(pid, pid).isZombie();
        } catch (final VanishedException e) {
            return false;
        }
    }

    private static boolean isDead(final ProcFs proc, final int tid) {
        try {
            // A thread is a zombie only under our ptrace: the kernel keeps it for us to look at.
            return proc.stat(tid, tid).isZombie();
        } catch (final VanishedException e) {
            return true;
        }
    }

    private String thing(final int slot) {
        final int tag = segment.buffer().getInt(segment.slot(slot) + SlotDescriptor.TAG_OFFSET);
        return things.describe(plan.task(slot).pid(), tag);
    }
}
