package io.baton.coordinator.state.registers;

import static io.baton.task.linux.UserRegs.ORIG_RAX;
import static io.baton.task.linux.UserRegs.R10;
import static io.baton.task.linux.UserRegs.RAX;
import static io.baton.task.linux.UserRegs.RIP;
import static io.baton.task.linux.UserRegs.RSI;

import io.baton.coordinator.ptrace.InterruptedCall;
import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.mktree.image.proto.BatonSyscall;
import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcessMemory;
import io.baton.task.linux.SyscallNumber;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A system call that the stop has interrupted. The result register then holds one of the kernel's own codes, which no
 * program ever sees: when the thread goes on, the kernel either runs the call again or turns the code into EINTR,
 * depending on the code and on whether a signal handler runs first.
 *
 * <p>An image shows the registers as CRIU writes them, at the instruction that makes the call, about to make it; what the
 * kernel had in mind stands beside in {@link BatonSyscall}. Source: {@code arch_do_signal_or_restart()}.
 */
final class SavedCall {
    private static final int TIMER_ABSTIME = 1;
    private static final int TIMESPEC_LENGTH = 16;
    private static final long NANOSECONDS = 1_000_000_000L;

    private SavedCall() {}

    /**
     * Takes the registers back to the instruction that makes the call.
     *
     * @param thread whose memory says how much of a sleep is left
     * @param registers {@code struct user_regs_struct}, changed in place
     * @return what the kernel had in mind; null when no call was interrupted or it can only give EINTR
     */
    static @Nullable BatonSyscall rewind(SeizedThread thread, MutableDirectBuffer registers) {
        long error = registers.getLong(RAX);
        if (registers.getLong(ORIG_RAX) < 0 || !isRestart(-error)) {
            return null;
        }
        long ip = registers.getLong(RIP);
        long number = InterruptedCall.number(thread, registers);
        if (number < 0) {
            // Interrupted for the second time, and which call it was is nowhere to be found.
            registers.putLong(RAX, -Errno.EINTR);
            return null;
        }
        registers.putLong(ORIG_RAX, number);
        registers.putLong(RAX, number);
        registers.putLong(RIP, ip - InterruptedCall.INSTRUCTION_LENGTH);
        BatonSyscall.Builder call =
                BatonSyscall.newBuilder().setError((int) error).setIp(ip);
        long remaining =
                error == -InterruptedCall.ERESTART_RESTARTBLOCK ? remaining(thread.tid(), number, registers) : -1;
        if (remaining >= 0) {
            call.setRemainingNs(remaining);
        }
        return call.build();
    }

    static boolean isRestart(long error) {
        return error == InterruptedCall.ERESTARTSYS
                || error == InterruptedCall.ERESTARTNOINTR
                || error == InterruptedCall.ERESTARTNOHAND
                || error == InterruptedCall.ERESTART_RESTARTBLOCK;
    }

    /** Whether it is a sleep for a time, not until one. */
    static boolean isSleep(long number, long flags) {
        return number == SyscallNumber.NANOSLEEP
                || (number == SyscallNumber.CLOCK_NANOSLEEP && (flags & TIMER_ABSTIME) == 0);
    }

    /** Nanoseconds that are left of a sleep, which the kernel has written where the sleeper wanted them; or -1. */
    private static long remaining(int tid, long number, MutableDirectBuffer registers) {
        if (!isSleep(number, registers.getLong(RSI))) {
            return -1;
        }
        long address = registers.getLong(number == SyscallNumber.NANOSLEEP ? RSI : R10);
        if (address == 0) {
            return -1;
        }
        try (Memory time = Memory.allocate(TIMESPEC_LENGTH)) {
            if (ProcessMemory.read(tid, address, time.address(), TIMESPEC_LENGTH) != TIMESPEC_LENGTH) {
                return -1;
            }
            return time.buffer().getLong(0) * NANOSECONDS + time.buffer().getLong(Long.BYTES);
        } catch (LinuxException e) {
            return -1;
        }
    }
}
