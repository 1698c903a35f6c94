package io.baton.task.segment;

/**
 * The first page of the segment. Written by the coordinator before the helper starts, but for the words the two sides
 * change while tasks run: those have two cache lines each. {@code native/layout.h} has the same numbers under
 * {@code BATON_HEADER_...}, and the build compares them.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------------------------------------------------------+ 0
 *  |                             Magic                             |
 *  |                                                               |
 *  +-------------------------------+-------------------------------+ 8
 *  |            Version            |          Slot count           |
 *  +-------------------------------+-------------------------------+ 16
 *  |          Task count           |          Helper slot          |
 *  +---------------------------------------------------------------+ 24
 *  |        Addresses, lengths and offsets of all regions          |
 *  +---------------------------------------------------------------+ 144
 *  |              Deadline (CLOCK_MONOTONIC ns, 0: none)           |
 *  +-------------------------------+-------------------------------+ 152
 *  |  Timing: 1 = keep the slowest |                               |
 *  +-------------------------------+-------------------------------+ 160
 *  |       From one lane's context ring to the next, bytes         |
 *  +---------------------------------------------------------------+ 256
 *  |  Stage (futex): coordinator to tasks                          |
 *  +---------------------------------------------------------------+ 384
 *  |  Confirmed[16]: per stage, how many tasks have confirmed it   |
 *  +---------------------------------------------------------------+ 448
 *  |  Expected[16]: and how many the coordinator waits for         |
 *  +---------------------------------------------------------------+ 512
 *  |  Bell (futex): tasks to coordinator                           |
 *  +---------------------------------------------------------------+ 640
 *  |  Position: how many tasks have passed the baton               |
 *  +---------------------------------------------------------------+ 768
 *  |  Abort: 0, or 1 + slot of the first task that failed          |
 *  +---------------------------------------------------------------+ 896
 *  |  Writer waits: a bit for each lane                            |
 *  +---------------------------------------------------------------+ 1024
 *  |  Lanes[8], see LaneDescriptor                                 |
 *  +---------------------------------------------------------------+ 4096
 * </pre>
 */
public final class HeaderDescriptor {
    /** Bytes, one page. */
    public static final int LENGTH = 4096;

    public static final int MAGIC_OFFSET = 0;
    public static final int VERSION_OFFSET = 8;
    public static final int SLOT_COUNT_OFFSET = 12;
    public static final int TASK_COUNT_OFFSET = 16;
    public static final int HELPER_SLOT_OFFSET = 20;
    public static final int SEGMENT_ADDRESS_OFFSET = 24;
    public static final int SEGMENT_LENGTH_OFFSET = 32;
    public static final int HOLE_ADDRESS_OFFSET = 40;
    public static final int HOLE_LENGTH_OFFSET = 48;
    public static final int RUNNER_ADDRESS_OFFSET = 56;
    public static final int RUNNER_LENGTH_OFFSET = 64;
    public static final int RUNNER_SOURCE_OFFSET = 72;
    public static final int LOCAL_ADDRESS_OFFSET = 80;
    public static final int LOCAL_LENGTH_OFFSET = 88;
    public static final int LOCAL_COUNT_OFFSET = 96;
    public static final int SLOTS_OFFSET = 104;
    public static final int CONTEXT_RING_OFFSET = 112;
    public static final int CONTEXT_RING_CAPACITY_OFFSET = 120;
    public static final int EVENT_RING_OFFSET = 128;
    public static final int EVENT_RING_CAPACITY_OFFSET = 136;
    public static final int DEADLINE_OFFSET = 144;
    public static final int TIMING_OFFSET = 152;
    public static final int CONTEXT_RING_LENGTH_OFFSET = 160;
    public static final int STAGE_OFFSET = 256;
    public static final int CONFIRMED_OFFSET = 384;
    public static final int EXPECTED_OFFSET = 448;
    public static final int BELL_OFFSET = 512;
    public static final int POSITION_OFFSET = 640;
    public static final int ABORT_OFFSET = 768;
    public static final int WRITER_WAITS_OFFSET = 896;
    public static final int LANES_OFFSET = 1024;

    /** How many stages {@code confirmed} can count. */
    public static final int STAGE_COUNT = 16;

    /** How many batons there can be. */
    public static final int LANE_COUNT = 8;

    private HeaderDescriptor() {}
}
