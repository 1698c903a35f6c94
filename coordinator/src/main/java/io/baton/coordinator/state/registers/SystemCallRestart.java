package io.baton.coordinator.state.registers;

import io.baton.coordinator.ptrace.InterruptedCall;
import io.baton.mktree.image.proto.BatonSyscall;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.UserX86RegsEntry;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.UserRegs;
import io.baton.task.program.ProgramBuilder;
import org.agrona.DirectBuffer;

/**
 * Sleeps that the dump interrupted. The kernel restarts nanosleep(2) and clock_nanosleep(2) from a {@code restart_block}
 * of its own that nobody can write from outside. So the thread fills it itself: instead of waiting for the gate it sleeps
 * for what is left, as its last instruction but one, and is interrupted at the gate like any sleeper.
 */
public final class SystemCallRestart {
    private static final int CLOCK_MONOTONIC = 1;
    private static final long NANOSECONDS = 1_000_000_000L;

    private SystemCallRestart() {}

    /** Whether this thread is to sleep before the gate: then {@link #emit}, and after it the wait for the gate. */
    public static boolean needsSleep(CoreEntry core) {
        BatonSyscall call = core.getThreadCore().getSyscall();
        UserX86RegsEntry registers = core.getThreadInfo().getGpregs();
        return core.getThreadCore().hasSyscall()
                && call.getError() == -InterruptedCall.ERESTART_RESTARTBLOCK
                && call.hasRemainingNs()
                && SavedCall.isSleep(registers.getOrigAx(), registers.getSi());
    }

    /** Adds the sleep. The kernel writes to the program's own memory what is left when it is interrupted. */
    public static void emit(CoreEntry core, ProgramBuilder kept) {
        UserX86RegsEntry registers = core.getThreadInfo().getGpregs();
        boolean plain = registers.getOrigAx() == SyscallNumber.NANOSLEEP;
        long left = core.getThreadCore().getSyscall().getRemainingNs();
        int time = kept.longs(left / NANOSECONDS, left % NANOSECONDS);
        kept.call(SyscallNumber.CLOCK_NANOSLEEP)
                .value(plain ? CLOCK_MONOTONIC : registers.getDi())
                .value(0)
                .data(time)
                .value(plain ? registers.getSi() : registers.getR10())
                .expectAnything();
    }

    /** Whether a thread stopped with these registers was caught in its sleep. */
    static boolean isAsleep(DirectBuffer registers) {
        return registers.getLong(UserRegs.ORIG_RAX) == SyscallNumber.CLOCK_NANOSLEEP
                && registers.getLong(UserRegs.RAX) == -InterruptedCall.ERESTART_RESTARTBLOCK;
    }

    /** Whether it was caught after its sleep, in the wait for the gate. */
    static boolean isOver(DirectBuffer registers) {
        return registers.getLong(UserRegs.ORIG_RAX) == SyscallNumber.FUTEX
                && SavedCall.isRestart(-registers.getLong(UserRegs.RAX));
    }
}
