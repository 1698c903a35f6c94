package io.baton.coordinator.ptrace;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.UserRegs;
import io.baton.task.linux.WaitStatus;
import org.agrona.DirectBuffer;

/**
 * Makes a stopped thread make system calls, one at a time, by its registers alone. Its registers and its signal mask are
 * left changed: see {@link #putBack}. The thread must have been seized with {@link Ptrace#O_TRACESYSGOOD}.
 *
 * <p>Should we be killed in the middle, the thread makes the call and finds its {@linkplain WayBack way back}, if it could
 * be given one. So registers are changed before the mask and put back after it; calls made this way are few, and all else
 * goes through {@link AskRunner}.
 */
final class RemoteCalls implements AutoCloseable {
    /** Everything; the kernel leaves SIGKILL and SIGSTOP out. */
    static final long ALL_SIGNALS = -1L;

    private static final int SECONDS = 5;

    private final ProcFs proc;
    private final UserRegs registers = new UserRegs();

    RemoteCalls(ProcFs proc) {
        this.proc = proc;
    }

    /**
     * Makes a thread make one system call.
     *
     * @param site where it is to make it
     * @param original its registers; those that the call does not need stay so
     * @param arguments up to six
     * @return the call's result, {@code -errno} if it failed
     * @throws BatonException TASK_DIED; TASK_FAILED if the thread got a signal instead
     */
    long call(int pid, int tid, CallSite site, DirectBuffer original, int number, long... arguments) {
        registers.buffer().putBytes(0, original, 0, UserRegs.LENGTH);
        if (site.stackPointer() != 0) {
            registers.set(UserRegs.RSP, site.stackPointer());
        }
        registers.set(UserRegs.RIP, site.gate()).set(UserRegs.RAX, number).set(UserRegs.ORIG_RAX, -1);
        for (int i = 0; i < arguments.length; i++) {
            registers.set(ARGUMENTS[i], arguments[i]);
        }
        Ptrace.setRegisters(tid, registers);
        Ptrace.setSignalMask(tid, ALL_SIGNALS);
        // Neither the operation's deadline nor the user ends a call half-way: nobody would know what it has done.
        Stops stops = new Stops(proc, Deadline.after(SECONDS));
        int delivered = 0;
        for (int remaining = 2; remaining > 0; ) { // its entry and its exit
            Ptrace.resumeToSyscall(tid, delivered);
            delivered = 0;
            WaitStatus status = stops.await(pid, tid);
            if (status.isNone() || status.isDead()) {
                throw died(pid, tid);
            } else if (status.isSyscallStop()) {
                remaining--;
            } else if (isStopSignal(status)) {
                delivered = Signals.SIGSTOP;
            } else if (status.event() == 0) {
                throw new BatonException(
                        ErrorCode.TASK_FAILED,
                        "pid " + pid + " thread " + tid + ": signal " + status.stopSignal() + " while it was to call "
                                + SyscallNumber.describe(number),
                        "");
            }
        }
        return Ptrace.peekUser(tid, UserRegs.RAX);
    }

    private static final int[] ARGUMENTS = {
        UserRegs.RDI, UserRegs.RSI, UserRegs.RDX, UserRegs.R10, UserRegs.R8, UserRegs.R9
    };

    /**
     * Whether somebody has sent SIGSTOP, which nobody can block. Let through, it stops the process; the thread we drive
     * runs all the same, until it is let go.
     */
    static boolean isStopSignal(WaitStatus status) {
        return status.isStopped() && status.event() == 0 && status.raw() >> Byte.SIZE == Signals.SIGSTOP;
    }

    /** Gives a stopped thread its signal mask and registers. */
    void putBack(int tid, DirectBuffer original, long mask) {
        Ptrace.setSignalMask(tid, mask);
        registers.buffer().putBytes(0, original, 0, UserRegs.LENGTH);
        Ptrace.setRegisters(tid, registers);
    }

    static BatonException died(int pid, int tid) {
        return new BatonException(ErrorCode.TASK_DIED, "pid " + pid + " thread " + tid + " was killed", "");
    }

    @Override
    public void close() {
        registers.close();
    }
}
