package io.baton.task.segment;

/**
 * The payload of a record in the event ring, tasks to coordinator.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-------------------------------+-------------------------------+ 0
 *  |              Slot             |             Stage             |
 *  +-------------------------------+-------------------------------+ 8
 *  |                 Time (CLOCK_MONOTONIC ns)                     |
 *  +-------------------------------+-------------------------------+ 16
 *  |            Item tag           |             Errno             |
 *  +-------------------------------+-------------------------------+ 24
 * </pre>
 */
public final class EventDescriptor {
    public static final int LENGTH = 24;

    public static final int SLOT_OFFSET = 0;
    public static final int STAGE_OFFSET = 4;
    public static final int TIME_OFFSET = 8;
    public static final int TAG_OFFSET = 16;
    public static final int ERROR_OFFSET = 20;

    private EventDescriptor() {}
}
