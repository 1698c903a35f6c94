package io.baton.coordinator.state;

import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.program.ProgramDescriptor;
import org.agrona.BitUtil;

/**
 * Streams the context of one task as program blocks: small enough for the ring, large enough to be few. Registers live
 * on from block to block; data does not, so an item begins with {@link #item} and keeps what it points to in one block.
 */
public final class ContextBuilder {
    /** Takes a block when it is full, and the last one. */
    public interface Sink {
        /** Flags are those of {@link ProgramDescriptor}. */
        void accept(ProgramBuilder block, int position, int flags);
    }

    /** Blocks are handed over when an item begins past this length (bytes). */
    private static final int FULL = 16 * 1024;

    private final Sink sink;
    private final TaskOrder order;
    private final ProgramBuilder block = new ProgramBuilder();
    private int position;

    /** For tasks in saved order. */
    public ContextBuilder(final Sink sink) {
        this(sink, TaskOrder.SAVED);
    }

    /** For tasks in that order. */
    public ContextBuilder(final Sink sink, final TaskOrder order) {
        this.sink = sink;
        this.order = order;
    }

    /** Begins the context of the task at that position of the PID array. */
    public void begin(final int newPosition) {
        position = newPosition;
        block.reset();
    }

    /** Begins an item: the following instructions are about it. Returns the block to add them to. */
    public ProgramBuilder item(final int tag) {
        if (block.length() > FULL) {
            sink.accept(block, position, 0);
            block.reset();
        }
        return block.tag(tag);
    }

    /**
     * Lets the task wait, in the item that has begun, until another one has had its turn: whoever takes from another what
     * that one has made says so.
     *
     * @param task pid or tid of the other one, which stands before it in the PID array
     */
    public void after(final int task) {
        final int awaited = order.awaited(position, task);
        if (awaited != TaskOrder.NOBODY) {
            block.op(Op.AFTER).value(awaited);
        }
    }

    /** Hands over the last block of the context, or the last but the kept one. */
    public void end(final boolean keptFollows) {
        sink.accept(block, position, keptFollows ? 0 : ProgramDescriptor.FLAG_LAST);
        block.reset();
    }

    /** Bytes a block may have at most for one item of that many bytes to fit after {@link #item}. */
    public static int longestBlock(final int longestItem) {
        return BitUtil.align(FULL + longestItem, Long.BYTES);
    }
}
