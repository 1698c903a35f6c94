package io.baton.task.program;

/** How the interpreter turns an argument's 64 bits into what the system call gets. */
public final class OperandKind {
    public static final int VALUE = 0;

    /** What an earlier instruction stored in that register. */
    public static final int REGISTER = 1;

    /** Address of that offset in the program block. */
    public static final int DATA = 2;

    /** Address of that offset in the segment. */
    public static final int SEGMENT = 3;

    /** Address of that offset in the thread's scratch. */
    public static final int LOCAL = 4;

    /** The 32-bit number at that offset in the thread's scratch. */
    public static final int LOCAL_INT = 5;

    /** The 32-bit number at that offset in the segment. */
    public static final int SEGMENT_INT = 6;

    private OperandKind() {}
}
