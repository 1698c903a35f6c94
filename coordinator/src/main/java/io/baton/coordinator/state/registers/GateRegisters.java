package io.baton.coordinator.state.registers;

import io.baton.coordinator.ptrace.InterruptedCall;
import io.baton.mktree.image.proto.BatonSyscall;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.ThreadCoreEntry;
import io.baton.task.linux.UserRegs;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** What a thread gets from outside at the gate: registers, vector state and signal mask. */
public final class GateRegisters {
    private static final long NO_CALL = -1;

    private GateRegisters() {}

    /**
     * Replaces the registers of a thread stopped at the gate by those of the image, so that the kernel restarts an
     * interrupted system call, or not, as it would have done where the image comes from. Works in a stop on the way back
     * to user mode: by PTRACE_INTERRUPT, by a signal, or by a group stop.
     *
     * @param registers {@code struct user_regs_struct}: in, as first read at the gate, before anything was done to the
     *     thread; out, to be set
     */
    public static void replace(CoreEntry core, MutableDirectBuffer registers) {
        boolean asleep = SystemCallRestart.isAsleep(registers);
        GeneralRegisters.fromImage(core.getThreadInfo().getGpregs(), registers);
        if (!core.getThreadCore().hasSyscall()) {
            // At the instruction that makes a call, or in the midst of user code: nothing to restart.
            registers.putLong(UserRegs.ORIG_RAX, NO_CALL);
            return;
        }
        BatonSyscall call = core.getThreadCore().getSyscall();
        registers.putLong(UserRegs.RIP, call.getIp());
        registers.putLong(UserRegs.RAX, call.getError());
        if (call.getError() != -InterruptedCall.ERESTART_RESTARTBLOCK) {
            return;
        }
        if (!SystemCallRestart.needsSleep(core)) {
            // There is no restart_block for it; the same but that the call begins anew when no handler runs.
            registers.putLong(UserRegs.RAX, -InterruptedCall.ERESTARTNOHAND);
        } else if (!asleep) {
            // What was left of the sleep is over.
            registers.putLong(UserRegs.RAX, 0);
            registers.putLong(UserRegs.ORIG_RAX, NO_CALL);
        }
    }

    /** Whether a thread stopped with these registers is to sleep before the gate, and has not come to it yet. */
    public static boolean isBeforeItsSleep(CoreEntry core, DirectBuffer registers) {
        return SystemCallRestart.needsSleep(core)
                && !SystemCallRestart.isAsleep(registers)
                && !SystemCallRestart.isOver(registers);
    }

    /** Bytes {@link #vectorState} writes: what PTRACE_SETREGSET wants for NT_X86_XSTATE on this machine. */
    public static int vectorStateLength() {
        return XsaveLayout.ofCpu().length();
    }

    /** Writes x87, SSE, AVX and so on in the kernel's format. Returns {@link #vectorStateLength}. */
    public static int vectorState(CoreEntry core, MutableDirectBuffer area) {
        FloatingPoint.fromImage(core.getThreadInfo(), XsaveLayout.ofCpu(), area);
        return vectorStateLength();
    }

    /** Blocked signals, bit 0 for signal 1. */
    public static long signalMask(CoreEntry core) {
        ThreadCoreEntry thread = core.getThreadCore();
        return thread.hasBlkSigset() ? thread.getBlkSigset() : core.getTc().getBlkSigset();
    }
}
