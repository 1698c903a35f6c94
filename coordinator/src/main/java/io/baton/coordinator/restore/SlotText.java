package io.baton.coordinator.restore;

import io.baton.mktree.plan.RestoreStage;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.Op;
import io.baton.task.segment.Segment;
import io.baton.task.segment.SlotDescriptor;
import org.agrona.DirectBuffer;

/** A slot in words. */
final class SlotText {
    private SlotText() {}

    /** How far its task has come, and the instruction it is in. */
    static String describe(final Segment segment, final int slot) {
        final DirectBuffer buffer = segment.buffer();
        final int at = segment.slot(slot);
        final int confirmed = buffer.getInt(at + SlotDescriptor.STAGE_OFFSET);
        return state(segment.state(slot)) + (confirmed == 0 ? "" : ", has confirmed " + RestoreStage.of(confirmed))
                + ", instruction " + buffer.getInt(at + SlotDescriptor.INSTRUCTION_OFFSET) + ": " + call(buffer, at);
    }

    /** The call that the slot at that offset is in. */
    static String call(final DirectBuffer buffer, final int at) {
        return switch (op(buffer, at)) {
            case Op.SYSCALL -> SyscallNumber.describe(number(buffer, at));
            case Op.CLONE -> "clone3";
            case Op.CONFIRM -> "confirming a stage";
            case Op.AWAIT -> "waiting for a stage";
            case Op.TURN -> "waiting for the baton";
            case Op.AFTER -> "waiting for another task's turn";
            default -> "instruction";
        };
    }

    static int op(final DirectBuffer buffer, final int at) {
        return buffer.getInt(at + SlotDescriptor.OP_OFFSET);
    }

    static int number(final DirectBuffer buffer, final int at) {
        return buffer.getInt(at + SlotDescriptor.NUMBER_OFFSET);
    }

    private static String state(final int state) {
        return switch (state) {
            case SlotDescriptor.STATE_ABSENT -> "not made yet";
            case SlotDescriptor.STATE_ARRIVED -> "arrived";
            case SlotDescriptor.STATE_RESTORING -> "restoring";
            case SlotDescriptor.STATE_DONE -> "restored";
            default -> "failed";
        };
    }
}
