package io.baton.coordinator.restore;

import io.baton.coordinator.progress.OperationListener;
import io.baton.mktree.plan.CreationPlan;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.Op;
import io.baton.task.segment.Segment;
import io.baton.task.segment.SlotDescriptor;
import java.util.Arrays;
import org.agrona.DirectBuffer;

/**
 * The slowest instructions of a restore, out of the slowest of each task. Tasks count ticks of the time stamp counter; how
 * long one is follows from the turns of all tasks, which are measured in both.
 */
final class SlowInstructions {
    private static final int MOST = 20;

    private final Segment segment;
    private final CreationPlan plan;
    private final FailureReport.Things things;

    SlowInstructions(final Segment segment, final CreationPlan plan, final FailureReport.Things things) {
        this.segment = segment;
        this.plan = plan;
        this.things = things;
    }

    /** Tells the listener, the slowest first. */
    void tell(final OperationListener listener) {
        final double nanosPerTick = nanosPerTick();
        final long[] slowest = slowest();
        for (int i = slowest.length - 1; i >= 0 && nanosPerTick > 0; i--) {
            final int slot = (int) slowest[i];
            final long ticks = number(slot, SlotDescriptor.SLOWEST_TICKS_OFFSET);
            if (ticks > 0) {
                listener.slowest(plan.task(slot).pid(), describe(slot), (long) (ticks * nanosPerTick));
            }
        }
    }

    private double nanosPerTick() {
        long nanos = 0;
        long ticks = 0;
        for (int slot = 0; slot < plan.taskCount(); slot++) {
            final long turn = number(slot, SlotDescriptor.TURN_TICKS_OFFSET);
            if (turn > 0) {
                ticks += turn;
                nanos += number(slot, SlotDescriptor.END_OFFSET) - number(slot, SlotDescriptor.START_OFFSET);
            }
        }
        return ticks == 0 ? 0 : (double) nanos / ticks;
    }

    /** Slots, those with the most ticks last: sorted by ticks (in units of 1,024), with the slot in the low bits. */
    private long[] slowest() {
        final long[] keys = new long[plan.taskCount()];
        for (int slot = 0; slot < keys.length; slot++) {
            final long ticks = number(slot, SlotDescriptor.SLOWEST_TICKS_OFFSET);
            keys[slot] = Math.min(ticks >>> 10, Integer.MAX_VALUE) << Integer.SIZE | slot;
        }
        Arrays.sort(keys);
        return Arrays.copyOfRange(keys, Math.max(0, keys.length - MOST), keys.length);
    }

    private String describe(final int slot) {
        final DirectBuffer buffer = segment.buffer();
        final int at = segment.slot(slot);
        final String call = buffer.getInt(at + SlotDescriptor.SLOWEST_OP_OFFSET) == Op.CLONE
                ? "clone3"
                : SyscallNumber.describe(buffer.getInt(at + SlotDescriptor.SLOWEST_NUMBER_OFFSET));
        final int tag = buffer.getInt(at + SlotDescriptor.SLOWEST_TAG_OFFSET);
        return call + " (" + things.describe(plan.task(slot).pid(), tag) + ')';
    }

    private long number(final int slot, final int offset) {
        return segment.buffer().getLong(segment.slot(slot) + offset);
    }
}
