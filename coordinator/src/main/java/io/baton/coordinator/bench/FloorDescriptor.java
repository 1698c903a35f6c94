package io.baton.coordinator.bench;

/**
 * The memory file that the programs of a floor and we share; native/bench/floor.h has the same numbers.
 *
 * <pre>
 *   0        4        8        12       16       20       24       28       32       36
 *   | kind   | shape  | tasks  | first  | ready  | go     | done   | quit   | arrived| error  |
 *   4096: a line of 128 bytes for each task, its turn first; then a stack of 4096 bytes for each, and one more
 * </pre>
 */
final class FloorDescriptor {
    static final int KIND_OFFSET = 0;
    static final int SHAPE_OFFSET = 4;
    static final int TASKS_OFFSET = 8;
    static final int FIRST_OFFSET = 12;
    static final int READY_OFFSET = 16;
    static final int GO_OFFSET = 20;
    static final int DONE_OFFSET = 24;
    static final int QUIT_OFFSET = 28;
    static final int ERROR_OFFSET = 36;
    static final int LINES_OFFSET = 4096;
    static final int LINE_LENGTH = 128;

    private static final int PAGE = 4096;

    private FloorDescriptor() {}

    /** Bytes of the whole file. */
    static long length(int tasks) {
        long lines = LINES_OFFSET + (long) tasks * LINE_LENGTH;
        return (lines + PAGE - 1) / PAGE * PAGE + (tasks + 1L) * PAGE;
    }
}
