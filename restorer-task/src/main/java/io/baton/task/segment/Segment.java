package io.baton.task.segment;

import io.baton.task.linux.Fd;
import io.baton.task.linux.Futex;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.MemFd;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * The coordinator's end of the shared segment: one memfd without a name in any file system. Not thread safe; all that
 * tasks change under it is read with acquire semantics.
 */
public final class Segment implements AutoCloseable {
    /** Number of the first descriptor of the helper, which is the segment. */
    public static final int HELPER_FD = 3;

    private static final int MADV_POPULATE_WRITE = 23;
    private static final int PAGE = 4096;
    /** The kernel's default, in bytes. */
    private static final int FAULT_AROUND = 64 * 1024;

    private final SegmentLayout layout;
    private final MemFd memory;
    private final Mapping mapping;
    private final UnsafeBuffer buffer;
    private final ContextRing[] contexts;
    private final ManyToOneRingBuffer events;

    private Segment(final SegmentLayout layout, final MemFd memory) {
        this.layout = layout;
        this.memory = memory;
        this.mapping = memory.map();
        this.buffer = mapping.buffer();
        final int trailer = RingBufferDescriptor.TRAILER_LENGTH;
        this.contexts = new ContextRing[layout.lanes()];
        for (int lane = 0; lane < contexts.length; lane++) {
            final int length = layout.contextCapacity() + trailer;
            this.contexts[lane] = new ContextRing(
                    this, lane, new OneToOneRingBuffer(mapping.buffer(layout.contextOffset(lane), length)));
        }
        this.events = new ManyToOneRingBuffer(mapping.buffer(layout.eventOffset(), layout.eventCapacity() + trailer));
    }

    /**
     * Makes a segment and fills its header.
     *
     * @param hole address of the hole in every task
     * @param runner its text
     * @param deadlineNanos CLOCK_MONOTONIC (System.nanoTime), 0: none
     */
    public static Segment create(
            final SegmentLayout layout, final long hole, final byte[] runner, final long deadlineNanos) {
        final Segment segment = new Segment(layout, MemFd.create("baton", layout.length()));
        segment.writeHeader(hole, deadlineNanos);
        for (int position = 0; position < layout.taskCount(); position++) {
            segment.route(position, 0, position + 1);
        }
        segment.buffer.putBytes(layout.runnerOffset(), runner);
        segment.populate();
        return segment;
    }

    /**
     * Makes the pages of the rings that all tasks come to. A task maps what is there around a page that it touches in
     * one go, while it waits; what is made later costs it a fault in its turn. An old kernel says EINVAL, and faults.
     */
    private void populate() {
        for (int lane = 0; lane < layout.lanes(); lane++) {
            final int ring = layout.contextOffset(lane);
            populate(ring, Math.min(layout.contextCapacity(), FAULT_AROUND));
            populate(ring + layout.contextCapacity(), layout.contextLength() - layout.contextCapacity());
        }
        populate(layout.eventOffset(), layout.length() - layout.eventOffset());
    }

    private void populate(final int offset, final int length) {
        final int page = offset & -PAGE;
        SystemCall.call(SyscallNumber.MADVISE, mapping.address() + page, offset + length - page, MADV_POPULATE_WRITE);
    }

    private void writeHeader(final long hole, final long deadlineNanos) {
        buffer.putInt(HeaderDescriptor.VERSION_OFFSET, LayoutDescriptor.VERSION);
        buffer.putInt(HeaderDescriptor.SLOT_COUNT_OFFSET, layout.slotCount());
        buffer.putInt(HeaderDescriptor.TASK_COUNT_OFFSET, layout.taskCount());
        buffer.putInt(HeaderDescriptor.HELPER_SLOT_OFFSET, layout.slotCount() - 1);
        buffer.putLong(HeaderDescriptor.SEGMENT_ADDRESS_OFFSET, layout.segmentAddress(hole));
        buffer.putLong(HeaderDescriptor.SEGMENT_LENGTH_OFFSET, layout.length());
        buffer.putLong(HeaderDescriptor.HOLE_ADDRESS_OFFSET, hole);
        buffer.putLong(HeaderDescriptor.HOLE_LENGTH_OFFSET, layout.holeLength());
        buffer.putLong(HeaderDescriptor.RUNNER_ADDRESS_OFFSET, hole);
        buffer.putLong(HeaderDescriptor.RUNNER_LENGTH_OFFSET, layout.runnerLength());
        buffer.putLong(HeaderDescriptor.RUNNER_SOURCE_OFFSET, layout.runnerOffset());
        buffer.putLong(HeaderDescriptor.LOCAL_ADDRESS_OFFSET, layout.localAddress(hole));
        buffer.putLong(HeaderDescriptor.LOCAL_LENGTH_OFFSET, layout.localLength());
        buffer.putLong(HeaderDescriptor.LOCAL_COUNT_OFFSET, layout.slotCount());
        buffer.putLong(HeaderDescriptor.SLOTS_OFFSET, layout.slotsOffset());
        buffer.putLong(HeaderDescriptor.CONTEXT_RING_OFFSET, layout.contextOffset());
        buffer.putLong(HeaderDescriptor.CONTEXT_RING_CAPACITY_OFFSET, layout.contextCapacity());
        buffer.putLong(HeaderDescriptor.CONTEXT_RING_LENGTH_OFFSET, layout.contextLength());
        buffer.putLong(HeaderDescriptor.EVENT_RING_OFFSET, layout.eventOffset());
        buffer.putLong(HeaderDescriptor.EVENT_RING_CAPACITY_OFFSET, layout.eventCapacity());
        buffer.putLong(HeaderDescriptor.DEADLINE_OFFSET, deadlineNanos);
        buffer.putLongRelease(HeaderDescriptor.MAGIC_OFFSET, LayoutDescriptor.MAGIC);
    }

    public SegmentLayout layout() {
        return layout;
    }

    public Fd fd() {
        return memory.fd();
    }

    /** The whole segment; offsets of the descriptors. */
    public UnsafeBuffer buffer() {
        return buffer;
    }

    /** The contexts of lane 0. */
    public ContextRing contexts() {
        return contexts[0];
    }

    /** The contexts of a lane. */
    public ContextRing contexts(final int lane) {
        return contexts[lane];
    }

    /**
     * Says whose baton a task takes and who gets it then; else it is lane 0, and the next position. Before the helper
     * starts.
     *
     * @param next a position, or one beyond all tasks if there is nobody
     */
    public void route(final int position, final int lane, final int next) {
        buffer.putInt(slot(position) + SlotDescriptor.LANE_OFFSET, lane);
        buffer.putInt(slot(position) + SlotDescriptor.NEXT_OFFSET, next);
    }

    /** Tasks to coordinator; payloads as {@link EventDescriptor} draws them. */
    public ManyToOneRingBuffer events() {
        return events;
    }

    /** Offset of a slot. */
    public int slot(final int index) {
        return layout.slotsOffset() + index * SlotDescriptor.LENGTH;
    }

    public int state(final int slot) {
        return buffer.getIntVolatile(slot(slot) + SlotDescriptor.STATE_OFFSET);
    }

    /** Id of the task as its creator saw it; 0 when it was not made. */
    public int tid(final int slot) {
        return buffer.getIntVolatile(slot(slot) + SlotDescriptor.TID_OFFSET);
    }

    /** Where a task finds its hierarchy program. */
    public void program(final int slot, final int offset) {
        buffer.putLong(slot(slot) + SlotDescriptor.PROGRAM_OFFSET, offset);
    }

    /** Says how many tasks must confirm a stage; the last of them rings the bell. */
    public void expect(final int stage, final int tasks) {
        buffer.putIntVolatile(HeaderDescriptor.EXPECTED_OFFSET + stage * Integer.BYTES, tasks);
    }

    public int confirmed(final int stage) {
        return buffer.getIntVolatile(HeaderDescriptor.CONFIRMED_OFFSET + stage * Integer.BYTES);
    }

    /** Lets tasks keep their slowest instruction. Before the helper starts. */
    public void timeInstructions() {
        buffer.putInt(HeaderDescriptor.TIMING_OFFSET, 1);
    }

    /** Starts a stage: wakes all who await it or an earlier one, and nobody else. Stages are numbered below 31. */
    public void start(final int stage) {
        buffer.putIntVolatile(HeaderDescriptor.STAGE_OFFSET, stage);
        final int upTo = (2 << stage) - 1;
        Futex.wake(mapping.address() + HeaderDescriptor.STAGE_OFFSET, Integer.MAX_VALUE, upTo);
    }

    /** Hands the baton to the task at position 0. */
    public void handOver() {
        handOver(0);
    }

    /** Hands a baton to the first task of a lane. */
    public void handOver(final int position) {
        final int turn = slot(position) + SlotDescriptor.TURN_OFFSET;
        buffer.putIntVolatile(turn, 1);
        Futex.wake(mapping.address() + turn, 1);
    }

    /** Whether a task has been handed a baton and has not passed it yet. */
    public boolean holdsTheBaton(final int slot) {
        return buffer.getIntVolatile(slot(slot) + SlotDescriptor.TURN_OFFSET) != 0
                && state(slot) != SlotDescriptor.STATE_DONE;
    }

    /** How many tasks have passed the baton; with one baton, the position of who holds it. */
    public int position() {
        return buffer.getIntVolatile(HeaderDescriptor.POSITION_OFFSET);
    }

    /** Slot of the first task that failed, or -1. */
    public int failedSlot() {
        return buffer.getIntVolatile(HeaderDescriptor.ABORT_OFFSET) - 1;
    }

    public int bell() {
        return buffer.getIntVolatile(HeaderDescriptor.BELL_OFFSET);
    }

    /** Sleeps until the bell has been rung since it was {@code seen}, or the time (System.nanoTime) has come. */
    public void awaitBell(final int seen, final long untilNanos) {
        Futex.waitUntil(mapping.address() + HeaderDescriptor.BELL_OFFSET, seen, untilNanos);
    }

    void published(final int lane) {
        final int at = LaneDescriptor.inSegment(lane);
        buffer.getAndAddInt(at + LaneDescriptor.PUBLISHED_OFFSET, 1);
        if (buffer.getIntVolatile(at + LaneDescriptor.READER_WAITS_OFFSET) != 0) {
            Futex.wake(mapping.address() + at + LaneDescriptor.PUBLISHED_OFFSET, 1);
        }
    }

    /** Says in whose ring we want room: those lanes' tasks ring the bell when they give some back. */
    void writerWaits(final int lane, final boolean waits) {
        final int all = buffer.getInt(HeaderDescriptor.WRITER_WAITS_OFFSET); // nobody else writes it
        final int now = waits ? all | 1 << lane : all & ~(1 << lane);
        if (now != all || waits) {
            buffer.putIntVolatile(HeaderDescriptor.WRITER_WAITS_OFFSET, now);
        }
    }

    @Override
    public void close() {
        mapping.close();
        memory.close();
    }
}
