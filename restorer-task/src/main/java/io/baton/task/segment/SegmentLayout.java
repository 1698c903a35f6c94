package io.baton.task.segment;

import static org.agrona.BitUtil.align;

import org.agrona.BitUtil;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * Where everything lies for one operation: the regions of the segment as offsets in bytes, and the hole in every task's
 * address space that holds runner, areas and segment.
 *
 * <pre>
 *   segment: | header | slots | runner text | hierarchy programs | context ring of lane 0, 1, ... | event ring |
 *   hole:    | runner | area of slot 0, 1, ... | segment |
 * </pre>
 *
 * @param slotCount tasks, ghosts, placeholders and the helper
 * @param taskCount entries of the PID array
 * @param localLength bytes of the area of one task
 * @param runnerLength bytes of the runner's text
 * @param slotsOffset of slot 0
 * @param runnerOffset of the runner's text
 * @param planOffset of the hierarchy programs
 * @param lanes how many batons go round at the same time, each with a context ring
 * @param contextOffset of the first context ring
 * @param contextCapacity bytes of each, a power of two
 * @param eventOffset of the event ring
 * @param eventCapacity bytes, a power of two
 * @param length bytes of the whole segment
 */
public record SegmentLayout(
        int slotCount,
        int taskCount,
        int localLength,
        int runnerLength,
        int slotsOffset,
        int runnerOffset,
        int planOffset,
        int lanes,
        int contextOffset,
        int contextCapacity,
        int eventOffset,
        int eventCapacity,
        int length) {
    private static final int PAGE = 4096;

    /** Events a task can send in one operation: arrived, done, failed, and one to spare. */
    private static final int EVENTS_PER_SLOT = 4;

    private static final int EVENT_RECORD = 32;
    private static final int SMALLEST_EVENT_RING = 4096;

    /** What the counts and lengths decide, for one baton. */
    public static SegmentLayout of(
            final int slotCount,
            final int taskCount,
            final int localLength,
            final int runnerLength,
            final int planLength,
            final int contextCapacity) {
        return of(slotCount, taskCount, localLength, runnerLength, planLength, 1, contextCapacity);
    }

    /** What the counts and lengths decide. */
    public static SegmentLayout of(
            final int slotCount,
            final int taskCount,
            final int localLength,
            final int runnerLength,
            final int planLength,
            final int lanes,
            final int contextCapacity) {
        final int slots = HeaderDescriptor.LENGTH;
        final int runner = align(slots + slotCount * SlotDescriptor.LENGTH, PAGE);
        final int plan = align(runner + runnerLength, PAGE);
        final int context = align(plan + planLength, PAGE);
        final int event = context + lanes * contextLength(contextCapacity);
        final int events = BitUtil.findNextPositivePowerOfTwo(
                Math.max(SMALLEST_EVENT_RING, Math.multiplyExact(slotCount, EVENTS_PER_SLOT * EVENT_RECORD)));
        final int length = align(event + events + RingBufferDescriptor.TRAILER_LENGTH, PAGE);
        return new SegmentLayout(
                slotCount,
                taskCount,
                align(localLength, PAGE),
                runnerLength,
                slots,
                runner,
                plan,
                lanes,
                context,
                contextCapacity,
                event,
                events,
                length);
    }

    /** Offset of a lane's context ring. */
    public int contextOffset(final int lane) {
        return contextOffset + lane * contextLength();
    }

    /** Bytes from one context ring to the next. */
    public int contextLength() {
        return contextLength(contextCapacity);
    }

    private static int contextLength(final int capacity) {
        return align(capacity + RingBufferDescriptor.TRAILER_LENGTH, PAGE);
    }

    /** Bytes of the hole. */
    public long holeLength() {
        return runnerPages() + localsLength() + length;
    }

    /** Address of the areas in a hole that begins there. */
    public long localAddress(final long hole) {
        return hole + runnerPages();
    }

    /** Address of the segment in a hole that begins there. */
    public long segmentAddress(final long hole) {
        return localAddress(hole) + localsLength();
    }

    /** Bytes of a kept program that fit into an area. */
    public int longestKept() {
        return localLength - LocalDescriptor.KEPT_OFFSET;
    }

    private long runnerPages() {
        return align(runnerLength, PAGE);
    }

    private long localsLength() {
        return (long) slotCount * localLength;
    }
}
