package io.baton.task.segment;

import io.baton.task.program.ProgramBuilder;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBuffer;

/**
 * The producer's end of a lane's context ring. Its consumer is whoever holds the lane's baton, so there is one at any instant; the
 * hand-over between two of them is the release store of a slot's turn.
 */
public final class ContextRing {
    private final Segment segment;
    private final int lane;
    private final OneToOneRingBuffer ring;
    private final UnsafeBuffer buffer;

    ContextRing(final Segment segment, final int lane, final OneToOneRingBuffer ring) {
        this.segment = segment;
        this.lane = lane;
        this.ring = ring;
        this.buffer = new UnsafeBuffer(ring.buffer());
    }

    /** Bytes of the longest block. */
    public int longestBlock() {
        return ring.maxMsgLength();
    }

    /**
     * Publishes a block.
     *
     * @return false when there is no room: the bell will ring when a task has given some back
     * @throws IllegalArgumentException when the block is longer than {@link #longestBlock}
     */
    public boolean offer(final ProgramBuilder block, final int position, final int flags) {
        final int length = block.length();
        int index = ring.tryClaim(MessageType.CONTEXT, length);
        if (index == RingBuffer.INSUFFICIENT_CAPACITY) {
            segment.writerWaits(lane, true);
            // A task may have given room back before it could see that we wait for it.
            index = ring.tryClaim(MessageType.CONTEXT, length);
            if (index == RingBuffer.INSUFFICIENT_CAPACITY) {
                return false;
            }
        }
        segment.writerWaits(lane, false);
        block.copyTo(buffer, index, position, flags);
        ring.commit(index);
        segment.published(lane);
        return true;
    }
}
