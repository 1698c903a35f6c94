package io.baton.coordinator.ptrace;

import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.UserRegs;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * What becomes of the system call that a stop has interrupted. The kernel leaves a private code in {@code rax} and would
 * make the call again itself, were the thread let go; whoever gets the registers elsewhere needs them so that it happens
 * without the kernel's help.
 *
 * <p>Calls with a relative timeout (nanosleep, poll, futex) the kernel continues from its {@code restart_block}, which
 * nobody can read or write. They are made again with their own arguments. nanosleep has by then stored what is left of it
 * if it was given a place for that, and the C library's sleep gives it the request's own.
 */
public final class InterruptedCall {
    public static final int ERESTARTSYS = 512;
    public static final int ERESTARTNOINTR = 513;
    public static final int ERESTARTNOHAND = 514;
    public static final int ERESTART_RESTARTBLOCK = 516;

    /** Bytes of the instruction SYSCALL. */
    public static final int INSTRUCTION_LENGTH = 2;

    private static final short SYSCALL = 0x050f;

    /** {@code mov $number, %eax} right before the system call. */
    private static final int LOAD_LENGTH = 5;

    private static final int LOAD_OPCODE = 0xb8;

    private InterruptedCall() {}

    /**
     * Takes back what the kernel has done to let a thread go on with its call, if it was stopped again before it came to
     * that: it stands at the instruction that makes the call, about to call restart_syscall. That works only as long as
     * nothing has touched the restart_block, and any sigreturn does.
     *
     * <p>If the second stop came before the thread was back in user mode, {@code orig_rax} still says which call it is.
     * If an interrupt brought it into the kernel again, that is gone.
     *
     * @param registers {@code struct user_regs_struct}, changed to what they were in the stop before
     */
    static void takeBack(SeizedThread thread, MutableDirectBuffer registers) {
        long ip = registers.getLong(UserRegs.RIP);
        if (registers.getLong(UserRegs.RAX) != SyscallNumber.RESTART_SYSCALL || !isSystemCall(thread, ip)) {
            return;
        }
        registers.putLong(UserRegs.RIP, ip + INSTRUCTION_LENGTH);
        registers.putLong(UserRegs.RAX, -ERESTART_RESTARTBLOCK);
        if (registers.getLong(UserRegs.ORIG_RAX) < 0) {
            registers.putLong(UserRegs.ORIG_RAX, SyscallNumber.RESTART_SYSCALL);
        }
    }

    private static boolean isSystemCall(SeizedThread thread, long ip) {
        try (Memory memory = Memory.allocate(INSTRUCTION_LENGTH)) {
            thread.process().readMemory(ip, memory.address(), INSTRUCTION_LENGTH);
            return memory.buffer().getShort(0) == SYSCALL;
        } catch (LinuxException e) {
            return false;
        }
    }

    /**
     * Changes a copy of a thread's registers so that it makes its interrupted call again, wherever it is let go.
     *
     * @param registers {@code struct user_regs_struct}
     */
    public static void restart(SeizedThread thread, MutableDirectBuffer registers) {
        long number = registers.getLong(UserRegs.ORIG_RAX);
        if (number < 0) {
            return;
        }
        switch ((int) -registers.getLong(UserRegs.RAX)) {
            case ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND -> again(registers, number);
            case ERESTART_RESTARTBLOCK -> {
                long original = number(thread, registers);
                if (original < 0) {
                    registers.putLong(UserRegs.RAX, -Errno.EINTR);
                } else {
                    again(registers, original);
                }
            }
            default -> {
                return;
            }
        }
        registers.putLong(UserRegs.ORIG_RAX, -1);
    }

    /**
     * The number of the call a thread is in, or -1 if that cannot be told: a call the kernel has restarted once goes by
     * the name of restart_syscall.
     */
    public static long number(SeizedThread thread, DirectBuffer registers) {
        long number = registers.getLong(UserRegs.ORIG_RAX);
        return number == SyscallNumber.RESTART_SYSCALL ? loaded(thread, registers) : number;
    }

    private static void again(MutableDirectBuffer registers, long number) {
        registers.putLong(UserRegs.RAX, number);
        registers.putLong(UserRegs.RIP, registers.getLong(UserRegs.RIP) - INSTRUCTION_LENGTH);
    }

    /** What a restarted call was says the code in front of it, mostly. */
    private static long loaded(SeizedThread thread, DirectBuffer registers) {
        try (Memory memory = Memory.allocate(LOAD_LENGTH)) {
            long at = registers.getLong(UserRegs.RIP) - INSTRUCTION_LENGTH - LOAD_LENGTH;
            thread.process().readMemory(at, memory.address(), LOAD_LENGTH);
            if ((memory.buffer().getByte(0) & 0xff) != LOAD_OPCODE) {
                return -1;
            }
            return switch (memory.buffer().getInt(1)) {
                case SyscallNumber.NANOSLEEP -> SyscallNumber.NANOSLEEP;
                case SyscallNumber.CLOCK_NANOSLEEP -> SyscallNumber.CLOCK_NANOSLEEP;
                case SyscallNumber.POLL -> SyscallNumber.POLL;
                case SyscallNumber.FUTEX -> SyscallNumber.FUTEX;
                default -> -1;
            };
        } catch (LinuxException e) {
            return -1;
        }
    }
}
