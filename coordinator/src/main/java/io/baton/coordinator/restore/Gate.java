package io.baton.coordinator.restore;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.registers.GateRegisters;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.launch.NativeFiles;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.UserRegs;
import io.baton.task.linux.Wait;
import io.baton.task.linux.WaitStatus;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The gate: every task is whole and asleep in the runner. Here the coordinator seizes all threads, has each process
 * unmap the hole, gives each thread its saved registers and signal mask, and lets go.
 *
 * <p>The one unmap per process is a system call made from outside. It is stopped at its entry, where a
 * PTRACE_INTERRUPT is put in its way: so the next stop comes after the call and before any user instruction, for there
 * is none left to run, and it is a stop in the kernel's signal code, where a register set with {@code orig_ax} and
 * {@code -ERESTART...} makes the kernel itself decide whether the saved system call restarts.
 *
 * <p>Every step is done for all tasks before the next one begins, so that tasks reach their stops while others are
 * being told, and each wait is for one task by its id: waiting for any would walk through all of them.
 */
final class Gate implements AutoCloseable {
    private static final int OPTIONS = Ptrace.O_EXITKILL | Ptrace.O_TRACESYSGOOD;

    private final List<Guest> guests = new ArrayList<>();
    private final UserRegs registers = new UserRegs();
    private final Memory vectorState = Memory.allocate(GateRegisters.vectorStateLength());
    private final long holeAddress;
    private final long holeLength;
    private final long syscallAddress;

    /**
     * A thread at the gate.
     *
     * @param pid of its process
     * @param tid its id
     * @param unmaps whether it is the one that unmaps the hole for its process
     * @param stopSignal that the process had stopped by, or 0
     * @param saved its registers from the image, filled in at its first stop
     */
    private record Guest(int pid, int tid, boolean unmaps, int stopSignal, CoreEntry core, UnsafeBuffer saved) {}

    /** A gate for tasks with that hole. */
    Gate(final long holeAddress, final long holeLength, final byte[] runner) {
        this.holeAddress = holeAddress;
        this.holeLength = holeLength;
        this.syscallAddress = holeAddress + NativeFiles.syscallOffset(runner);
    }

    /**
     * Seizes a thread without stopping it. From now on it dies when the coordinator does.
     *
     * @param unmaps true for one thread of each process
     * @param stopSignal the whole process ends stopped by this signal; 0: it runs. Given for the unmapping thread
     * @param confined whether its process will have seccomp filters, which are not to be in our way
     */
    void seize(
            final int pid,
            final int tid,
            final boolean unmaps,
            final int stopSignal,
            final boolean confined,
            final CoreEntry core) {
        final int options = confined ? OPTIONS | Ptrace.O_SUSPEND_SECCOMP : OPTIONS;
        try {
            Ptrace.seize(tid, options);
        } catch (final LinuxException e) {
            throw failed(tid, e);
        }
        guests.add(new Guest(pid, tid, unmaps, stopSignal, core, new UnsafeBuffer(new byte[UserRegs.LENGTH])));
    }

    /** Takes all seized threads through the gate, up to the moment before they are let go. */
    void prepare() {
        for (final Guest guest : guests) {
            Ptrace.interrupt(guest.tid());
        }
        for (final Guest guest : guests) {
            awaitStop(guest, false);
            Ptrace.getRegisters(guest.tid(), registers);
            guest.saved().putBytes(0, registers.buffer(), 0, UserRegs.LENGTH);
            GateRegisters.replace(guest.core(), guest.saved());
        }
        unmapAll();
        for (final Guest guest : guests) {
            setRegisters(guest);
        }
    }

    private void setRegisters(final Guest guest) {
        registers.buffer().putBytes(0, guest.saved(), 0, UserRegs.LENGTH);
        final int length = GateRegisters.vectorState(guest.core(), vectorState.buffer());
        try {
            Ptrace.setRegisters(guest.tid(), registers);
            Ptrace.setRegisterSet(guest.tid(), Ptrace.NT_X86_XSTATE, vectorState.address(), length);
            Ptrace.setSignalMask(guest.tid(), GateRegisters.signalMask(guest.core()));
        } catch (final LinuxException e) {
            throw failed(guest.tid(), e);
        }
    }

    /** Lets all go: running, or stopped where they had been or are asked to be. */
    void open() {
        for (final Guest guest : guests) {
            if (guest.stopSignal() != 0) {
                Signals.kill(guest.pid(), guest.stopSignal());
            }
        }
        for (final Guest guest : guests) {
            Ptrace.detach(guest.tid(), 0);
        }
    }

    private void unmapAll() {
        for (final Guest guest : guests) {
            if (guest.unmaps()) {
                Ptrace.getRegisters(guest.tid(), registers);
                registers
                        .set(UserRegs.RIP, syscallAddress)
                        .set(UserRegs.RAX, SyscallNumber.MUNMAP)
                        .set(UserRegs.ORIG_RAX, -1)
                        .set(UserRegs.RDI, holeAddress)
                        .set(UserRegs.RSI, holeLength);
                Ptrace.setRegisters(guest.tid(), registers);
                Ptrace.resumeToSyscall(guest.tid(), 0);
            }
        }
        for (final Guest guest : guests) {
            if (guest.unmaps()) {
                awaitStop(guest, true);
                Ptrace.interrupt(guest.tid());
                Ptrace.resume(guest.tid(), 0);
            }
        }
        for (final Guest guest : guests) {
            if (guest.unmaps()) {
                awaitStop(guest, false);
                Ptrace.getRegisters(guest.tid(), registers);
                if (registers.rax() != 0) {
                    throw failed(guest.tid(), LinuxException.of(SyscallNumber.MUNMAP, registers.rax(), "the hole"));
                }
            }
        }
    }

    private void awaitStop(final Guest guest, final boolean atSyscall) {
        final WaitStatus status;
        try {
            status = Wait.wait4(guest.tid(), Wait.WALL);
        } catch (final LinuxException e) {
            throw failed(guest.tid(), e);
        }
        if (!status.isStopped() || status.isSyscallStop() != atSyscall) {
            throw new BatonException(
                    ErrorCode.TASK_DIED,
                    "pid " + guest.tid() + " at the gate: " + status,
                    "it was killed from outside");
        }
    }

    private static BatonException failed(final int tid, final LinuxException e) {
        return new BatonException(ErrorCode.TASK_FAILED, "pid " + tid + " at the gate: " + e.getMessage(), "", e);
    }

    @Override
    public void close() {
        registers.close();
        vectorState.close();
    }
}
