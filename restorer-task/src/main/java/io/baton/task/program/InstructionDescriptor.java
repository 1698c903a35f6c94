package io.baton.task.program;

/**
 * One instruction, 72 bytes.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-------+-------+-------+-------+-------------------------------+ 0
 *  |  Op   | Flags | Expect| Store |  Operand kinds, 6 x 4 bits    |
 *  +-------+-------+-------+-------+-------------------------------+ 8
 *  |      System call number       |            Item tag           |
 *  +-------------------------------+-------------------------------+ 16
 *  |                      Six arguments, 64 bits each              |
 *  +---------------------------------------------------------------+ 64
 *  |        Wanted result or tolerated errno; with RESULT: result  |
 *  +---------------------------------------------------------------+ 72
 * </pre>
 */
public final class InstructionDescriptor {
    public static final int LENGTH = 72;

    public static final int OP_OFFSET = 0;
    public static final int FLAGS_OFFSET = 1;
    public static final int EXPECT_OFFSET = 2;
    public static final int STORE_OFFSET = 3;
    public static final int KINDS_OFFSET = 4;
    public static final int NUMBER_OFFSET = 8;
    public static final int TAG_OFFSET = 12;
    public static final int ARGS_OFFSET = 16;
    public static final int WANT_OFFSET = 64;

    public static final int ARGS_COUNT = 6;

    /** The interpreter leaves the result in {@code want}. */
    public static final int FLAG_RESULT = 1;

    private InstructionDescriptor() {}
}
