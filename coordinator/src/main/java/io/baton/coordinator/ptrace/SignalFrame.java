package io.baton.coordinator.ptrace;

import io.baton.task.linux.UserRegs;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The kernel's {@code struct rt_sigframe} of x86-64: what rt_sigreturn takes a thread's registers, extended state and
 * signal mask from. The stack pointer must then be {@link #STACK_POINTER_OFFSET} into it. Sources:
 * {@code arch/x86/include/asm/sigframe.h}, {@code uapi/asm/sigcontext.h}.
 *
 * <pre>
 *  +---------------------------+ 0
 *  |  Return address           |      of the code that makes the call
 *  +---------------------------+ 8    struct ucontext
 *  |  uc_flags, uc_link        |
 *  |  uc_stack                 |      of no size: the kernel leaves the thread's alternate stack as it is
 *  +---------------------------+ 48   struct sigcontext
 *  |  General registers        |
 *  |  Address of the state     |
 *  +---------------------------+ 304
 *  |  Signal mask              |
 *  +---------------------------+ 312
 *  +---------------------------+ 448  64-byte aligned
 *  |  Extended state (XSAVE)   |
 *  |  FP_XSTATE_MAGIC2         |
 *  +---------------------------+
 * </pre>
 */
public final class SignalFrame {
    /** Where the frame must lie. */
    public static final int ALIGNMENT = 64;

    /** What the stack pointer must be at rt_sigreturn, from the frame's start. */
    public static final int STACK_POINTER_OFFSET = 8;

    /** Where a handler that returns would go on: the code that calls rt_sigreturn. */
    static final int RETURN_ADDRESS_OFFSET = 0;

    private static final int FLAGS_OFFSET = 8;
    private static final int CONTEXT_OFFSET = 48;
    private static final int CODE_SEGMENT_OFFSET = CONTEXT_OFFSET + 144;
    private static final int STACK_SEGMENT_OFFSET = CONTEXT_OFFSET + 150;
    private static final int STATE_POINTER_OFFSET = CONTEXT_OFFSET + 184;
    private static final int MASK_OFFSET = 304;
    private static final int STATE_OFFSET = 448;

    /** Registers in the order of {@code struct sigcontext}. */
    private static final int[] REGISTERS = {
        UserRegs.R8,
        UserRegs.R9,
        UserRegs.R10,
        UserRegs.R11,
        UserRegs.R12,
        UserRegs.R13,
        UserRegs.R14,
        UserRegs.R15,
        UserRegs.RDI,
        UserRegs.RSI,
        UserRegs.RBP,
        UserRegs.RBX,
        UserRegs.RDX,
        UserRegs.RAX,
        UserRegs.RCX,
        UserRegs.RSP,
        UserRegs.RIP,
        UserRegs.EFLAGS,
    };

    /** UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS. */
    private static final long FLAGS = 7;

    private static final int FP_XSTATE_MAGIC1 = 0x4650_5853;
    private static final int FP_XSTATE_MAGIC2 = 0x4650_5845;
    /** Where software may use the state's legacy part; the kernel has told ptrace there which components it knows. */
    private static final int SOFTWARE_OFFSET = 464;

    private static final int SOFTWARE_LENGTH = 48;
    private static final int PRESENT_OFFSET = 512;

    /** AMX tile data, the only component that a thread has no room for unless it has asked. */
    private static final long TILE_DATA = 1L << 18;

    private static final int TILE_DATA_LENGTH = 8192;

    private SignalFrame() {}

    /** Bytes of a frame for that extended state. */
    public static int length(DirectBuffer extendedState) {
        return BitUtil.align(STATE_OFFSET + extendedState.capacity() + Integer.BYTES, ALIGNMENT);
    }

    /**
     * Writes a frame.
     *
     * @param target zeroed there
     * @param offset in the target
     * @param address of the frame in the thread's memory, a multiple of {@link #ALIGNMENT}
     * @param registers {@code struct user_regs_struct}, free of restart codes: see {@link InterruptedCall}
     * @param extendedState as ptrace gives it
     * @param mask blocked signals
     */
    public static void write(
            MutableDirectBuffer target,
            int offset,
            long address,
            DirectBuffer registers,
            DirectBuffer extendedState,
            long mask) {
        target.putLong(offset + FLAGS_OFFSET, FLAGS);
        for (int i = 0; i < REGISTERS.length; i++) {
            target.putLong(offset + CONTEXT_OFFSET + i * Long.BYTES, registers.getLong(REGISTERS[i]));
        }
        target.putShort(offset + CODE_SEGMENT_OFFSET, (short) registers.getLong(UserRegs.CS));
        target.putShort(offset + STACK_SEGMENT_OFFSET, (short) registers.getLong(UserRegs.SS));
        target.putLong(offset + STATE_POINTER_OFFSET, address + STATE_OFFSET);
        target.putLong(offset + MASK_OFFSET, mask);
        writeState(target, offset + STATE_OFFSET, extendedState);
    }

    private static void writeState(MutableDirectBuffer target, int offset, DirectBuffer state) {
        target.putBytes(offset, state, 0, state.capacity());
        long components = state.getLong(SOFTWARE_OFFSET);
        int size = state.capacity();
        if ((components & TILE_DATA) != 0 && (state.getLong(PRESENT_OFFSET) & TILE_DATA) == 0) {
            // The kernel takes no frame larger than the thread's own buffer.
            components &= ~TILE_DATA;
            size -= TILE_DATA_LENGTH;
        }
        target.setMemory(offset + SOFTWARE_OFFSET, SOFTWARE_LENGTH, (byte) 0);
        target.putInt(offset + SOFTWARE_OFFSET, FP_XSTATE_MAGIC1);
        target.putInt(offset + SOFTWARE_OFFSET + 4, size + Integer.BYTES);
        target.putLong(offset + SOFTWARE_OFFSET + 8, components);
        target.putInt(offset + SOFTWARE_OFFSET + 16, size);
        target.putInt(offset + size, FP_XSTATE_MAGIC2);
    }
}
