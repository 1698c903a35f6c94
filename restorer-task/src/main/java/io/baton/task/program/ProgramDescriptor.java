package io.baton.task.program;

/**
 * A program block: header, instructions, and the data they point to. What an instruction addresses as data counts from
 * the start of the block, so that a block can be moved as a whole.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-------------------------------+-------------------------------+ 0
 *  |     Number of instructions    |  Length of the block (bytes)  |
 *  +-------------------------------+-------------------------------+ 8
 *  |    Position in the PID array  |             Flags             |
 *  +-------------------------------+-------------------------------+ 16
 *  |                        Instructions                          ...
 *  +---------------------------------------------------------------+
 *  |                            Data                              ...
 *  +---------------------------------------------------------------+
 * </pre>
 */
public final class ProgramDescriptor {
    public static final int HEADER_LENGTH = 16;
    public static final int COUNT_OFFSET = 0;
    public static final int LENGTH_OFFSET = 4;
    public static final int POSITION_OFFSET = 8;
    public static final int FLAGS_OFFSET = 12;

    /** No further context follows for this task. */
    public static final int FLAG_LAST = 1;

    /** Copied to the task's area and run after it has passed the baton. */
    public static final int FLAG_KEEP = 2;

    private ProgramDescriptor() {}
}
