package io.baton.task.segment;

/**
 * One slot for each task: first the PID array in its order, then ghosts and placeholders, last the helper. Two cache
 * lines, so that no two tasks share one.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-------------------------------+-------------------------------+ 0
 *  |  Turn (futex): 1 = baton here |         State (futex)         |
 *  +-------------------------------+-------------------------------+ 8
 *  |     Stage last confirmed      |       Instruction index       |
 *  +-------------------------------+-------------------------------+ 16
 *  |            Item tag           |      System call number       |
 *  +-------------------------------+-------------------------------+ 24
 *  |             Errno             |   Tid, as its creator saw it  |
 *  +---------------------------------------------------------------+ 32
 *  |                  Result that was not expected                 |
 *  +---------------------------------------------------------------+ 40
 *  |       Offset of its hierarchy program in the segment          |
 *  +-------------------------------+-------------------------------+ 48
 *  |     Op of the instruction     |             Lane              |
 *  +-------------------------------+-------------------------------+ 56
 *  | Position that has it after us |  1 = somebody awaits our end  |
 *  +-------------------------------+-------------------------------+ 64
 *  |        Took the baton at (CLOCK_MONOTONIC ns)                 |
 *  +---------------------------------------------------------------+ 72
 *  |        Passed it at (CLOCK_MONOTONIC ns)                      |
 *  +-------------------------------+-------------------------------+ 80
 *  |  Flags[4] (futexes): what is said about a placeholder         |
 *  +---------------------------------------------------------------+ 96
 *  |  Ticks (time stamp counter) of its slowest instruction        |
 *  +-------------------------------+-------------------------------+ 104
 *  |        Its item tag           |      Its system call number   |
 *  +-------------------------------+-------------------------------+ 112
 *  |  Ticks from taking to passing the baton                       |
 *  +-------------------------------+-------------------------------+ 120
 *  |        Its index              |           Its op              |
 *  +-------------------------------+-------------------------------+ 128
 * </pre>
 */
public final class SlotDescriptor {
    public static final int LENGTH = 128;

    public static final int TURN_OFFSET = 0;
    public static final int STATE_OFFSET = 4;
    public static final int STAGE_OFFSET = 8;
    public static final int INSTRUCTION_OFFSET = 12;
    public static final int TAG_OFFSET = 16;
    public static final int NUMBER_OFFSET = 20;
    public static final int ERROR_OFFSET = 24;
    public static final int TID_OFFSET = 28;
    public static final int VALUE_OFFSET = 32;
    public static final int PROGRAM_OFFSET = 40;
    public static final int OP_OFFSET = 48;
    public static final int LANE_OFFSET = 52;
    public static final int NEXT_OFFSET = 56;
    public static final int AWAITED_OFFSET = 60;
    public static final int START_OFFSET = 64;
    public static final int END_OFFSET = 72;
    public static final int FLAGS_OFFSET = 80;
    public static final int SLOWEST_TICKS_OFFSET = 96;
    public static final int SLOWEST_TAG_OFFSET = 104;
    public static final int SLOWEST_NUMBER_OFFSET = 108;
    public static final int TURN_TICKS_OFFSET = 112;
    public static final int SLOWEST_INSTRUCTION_OFFSET = 120;
    public static final int SLOWEST_OP_OFFSET = 124;

    /** Not made yet. */
    public static final int STATE_ABSENT = 0;

    /** Exists and runs its hierarchy program. */
    public static final int STATE_ARRIVED = 1;

    /** Holds the baton. */
    public static final int STATE_RESTORING = 2;

    /** Has passed the baton. */
    public static final int STATE_DONE = 3;

    /** Met an error; the slot says which. */
    public static final int STATE_FAILED = 4;

    private SlotDescriptor() {}

    /** Where in the segment a slot begins. */
    public static long inSegment(final int slot) {
        return HeaderDescriptor.LENGTH + (long) slot * LENGTH;
    }
}
