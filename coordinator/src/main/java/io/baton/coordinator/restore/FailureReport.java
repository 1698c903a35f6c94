package io.baton.coordinator.restore;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.launch.TaskIds;
import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.plan.PlannedTask;
import io.baton.mktree.plan.RestoreStage;
import io.baton.task.linux.Errno;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.VanishedException;
import io.baton.task.program.Op;
import io.baton.task.segment.Segment;
import io.baton.task.segment.SlotDescriptor;
import org.agrona.concurrent.UnsafeBuffer;

/** Says what went wrong from what the slots hold: the task, the thing, the call. */
final class FailureReport {
    private static final int MOST_TASKS = 10;

    private final Segment segment;
    private final CreationPlan plan;
    private final RestoreStage stage;
    private final Things things;

    /** Knows what tags are about. */
    interface Things {
        /** The thing in words, as far as the task with that pid has it. */
        String describe(int pid, int tag);

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
    BatonException failure(final int slot) {
        final UnsafeBuffer buffer = segment.buffer();
        final int at = segment.slot(slot);
        final int errno = buffer.getInt(at + SlotDescriptor.ERROR_OFFSET);
        final String text = "pid " + plan.task(slot).pid() + ": "
                + thing(slot) + ": " + call(at) + ": "
                + Errno.nameOf(errno) + " (" + Errno.messageOf(errno) + "), in stage " + stage;
        if (errno == Errno.ETIMEDOUT) {
            return timeout(); // it waited for others
        }
        if (errno == Errno.EEXIST && number(at) == SyscallNumber.CLONE3) {
            return new BatonException(ErrorCode.PID_TAKEN, text, Pids.REMEDY);
        }
        return new BatonException(ErrorCode.TASK_FAILED, text, "");
    }

    /** Who has not come so far. */
    BatonException timeout() {
        final StringBuilder text = new StringBuilder("deadline passed in stage ").append(stage);
        int named = 0;
        for (int slot = 0; slot < plan.taskCount() && named < MOST_TASKS; slot++) {
            final int state = segment.state(slot);
            if (isLate(slot, state)) {
                named++;
                text.append(System.lineSeparator()).append("  ").append(describe(slot, state));
            }
        }
        return new BatonException(ErrorCode.TIMEOUT, text.toString(), "a longer --timeout, or 0 for none");
    }

    private boolean isLate(final int slot, final int state) {
        if (stage.compareTo(RestoreStage.RESTORE) <= 0) {
            return state != SlotDescriptor.STATE_DONE;
        }
        final int confirmed = segment.buffer().getInt(segment.slot(slot) + SlotDescriptor.STAGE_OFFSET);
        return confirmed < stage.number() && !things.ends(slot);
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
                            "pid " + plan.task(slot).pid() + " died in stage " + stage + ": " + describe(slot, state),
                            "it was killed from outside, or memory ran out");
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

    private String describe(final int slot, final int state) {
        final UnsafeBuffer buffer = segment.buffer();
        final int at = segment.slot(slot);
        return "pid " + plan.task(slot).pid() + " (" + plan.task(slot).kind() + "): " + stateName(state)
                + ", confirmed stage " + buffer.getInt(at + SlotDescriptor.STAGE_OFFSET) + ", instruction "
                + buffer.getInt(at + SlotDescriptor.INSTRUCTION_OFFSET) + " " + call(at) + " about "
                + thing(slot);
    }

    private String thing(final int slot) {
        final int tag = segment.buffer().getInt(segment.slot(slot) + SlotDescriptor.TAG_OFFSET);
        return things.describe(plan.task(slot).pid(), tag);
    }

    private int number(final int at) {
        return segment.buffer().getInt(at + SlotDescriptor.NUMBER_OFFSET);
    }

    private String call(final int at) {
        return switch (segment.buffer().getInt(at + SlotDescriptor.OP_OFFSET)) {
            case Op.SYSCALL -> SyscallNumber.describe(number(at));
            case Op.CLONE -> "clone3";
            case Op.AWAIT -> "waiting for a stage";
            case Op.TURN -> "waiting for the baton";
            default -> "instruction";
        };
    }

    private static String stateName(final int state) {
        return switch (state) {
            case SlotDescriptor.STATE_ABSENT -> "not made yet";
            case SlotDescriptor.STATE_ARRIVED -> "arrived";
            case SlotDescriptor.STATE_RESTORING -> "restoring";
            case SlotDescriptor.STATE_DONE -> "restored";
            default -> "failed";
        };
    }
}
