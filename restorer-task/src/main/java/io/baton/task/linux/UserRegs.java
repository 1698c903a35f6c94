package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * The general registers of a task: the kernel's {@code struct user_regs_struct}, 27 words of 64 bits, off-heap. The
 * constants are byte offsets, good for {@link Ptrace#peekUser} too.
 */
public final class UserRegs implements AutoCloseable {
    public static final int R15 = 0;
    public static final int R14 = 8;
    public static final int R13 = 16;
    public static final int R12 = 24;
    public static final int RBP = 32;
    public static final int RBX = 40;
    public static final int R11 = 48;
    public static final int R10 = 56;
    public static final int R9 = 64;
    public static final int R8 = 72;
    public static final int RAX = 80;
    public static final int RCX = 88;
    public static final int RDX = 96;
    public static final int RSI = 104;
    public static final int RDI = 112;
    public static final int ORIG_RAX = 120;
    public static final int RIP = 128;
    public static final int CS = 136;
    public static final int EFLAGS = 144;
    public static final int RSP = 152;
    public static final int SS = 160;
    public static final int FS_BASE = 168;
    public static final int GS_BASE = 176;
    public static final int DS = 184;
    public static final int ES = 192;
    public static final int FS = 200;
    public static final int GS = 208;
    public static final int LENGTH = 216;

    private final Memory memory = Memory.allocate(LENGTH);
    private final UnsafeBuffer buffer = memory.buffer();

    long address() {
        return memory.address();
    }

    /** All registers as they lie in memory. */
    public UnsafeBuffer buffer() {
        return buffer;
    }

    /** A register by one of the offsets above. */
    public long get(final int register) {
        return buffer.getLong(register);
    }

    public UserRegs set(final int register, final long value) {
        buffer.putLong(register, value);
        return this;
    }

    public UserRegs copyFrom(final UserRegs other) {
        buffer.putBytes(0, other.buffer, 0, LENGTH);
        return this;
    }

    public long rip() {
        return get(RIP);
    }

    public long rsp() {
        return get(RSP);
    }

    /** The result of a system call, or of the call that was interrupted. */
    public long rax() {
        return get(RAX);
    }

    /** The number of the system call the task is in, or -1: then nothing is restarted when it goes on. */
    public long origRax() {
        return get(ORIG_RAX);
    }

    @Override
    public void close() {
        memory.close();
    }
}
