package io.baton.coordinator.restore;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.Details;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.registers.GateRegisters;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.launch.NativeFiles;
import io.baton.mktree.plan.RestoreStage;
import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.UserRegs;
import io.baton.task.linux.VanishedException;
import io.baton.task.linux.Wait;
import io.baton.task.linux.WaitStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.agrona.collections.IntHashSet;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What one thread of ours does at the {@link Gate}: it seizes threads of the tree, has each process unmap the hole, gives
 * each thread its saved registers and signal mask, and lets go. To the kernel the tracer is a thread, so all calls must
 * come from the same one.
 *
 * <p>The one unmap per process is a system call made from outside. It is stopped at its entry, where a
 * PTRACE_INTERRUPT is put in its way: so the next stop comes after the call and before any user instruction, for there
 * is none left to run, and it is a stop in the kernel's signal code, where a register set with {@code orig_ax} and
 * {@code -ERESTART...} makes the kernel itself decide whether the saved system call restarts.
 *
 * <p>Every step is done for all tasks before the next one begins, so that tasks reach their stops while others are
 * being told, and each wait is for one task by its id: waiting for any would walk through all of them.
 */
final class GateLane implements AutoCloseable {
    private static final int OPTIONS = Ptrace.O_EXITKILL | Ptrace.O_TRACESYSGOOD;
    private static final String KILLED = "it was killed from outside";

    private static final int YIELDS = 40;
    private static final long FIRST_PAUSE = 20_000;
    private static final long LONGEST_PAUSE = 2_000_000;

    private final List<Guest> expected = new ArrayList<>();
    private final List<Held> guests = new ArrayList<>();
    private final UserRegs registers = new UserRegs();
    private final Memory vectorState = Memory.allocate(GateRegisters.vectorStateLength());
    private final long holeAddress;
    private final long holeLength;
    private final long syscallAddress;
    private final IntHashSet stoppedMeanwhile = new IntHashSet();
    private Runnable patience = () -> {};

    /**
     * A thread at the gate.
     *
     * @param pid of its process
     * @param tid its id
     * @param unmaps whether it is the one that unmaps the hole for its process
     * @param ending of the whole process; given for the unmapping thread
     * @param confined whether its process will have seccomp filters, which are not to be in our way
     */
    record Guest(int pid, int tid, boolean unmaps, Ending ending, boolean confined, CoreEntry core) {}

    /**
     * A guest who has been seized.
     *
     * @param stopped its registers at its first stop
     * @param saved its registers from the image, filled in there
     */
    private record Held(Guest guest, UnsafeBuffer stopped, UnsafeBuffer saved) {}

    /** A lane for tasks with that hole. */
    GateLane(final long holeAddress, final long holeLength, final byte[] runner) {
        this.holeAddress = holeAddress;
        this.holeLength = holeLength;
        this.syscallAddress = holeAddress + NativeFiles.syscallOffset(runner);
    }

    /** Adds who is to come this way. */
    void add(final Guest guest) {
        expected.add(guest);
    }

    /** Seizes all without stopping them. From now on they die when the coordinator does. */
    void seize() {
        for (final Guest guest : expected) {
            try {
                Ptrace.seize(guest.tid(), guest.confined() ? OPTIONS | Ptrace.O_SUSPEND_SECCOMP : OPTIONS);
            } catch (final LinuxException e) {
                throw isDead(guest.pid(), guest.tid()) ? died(guest.tid(), "it is dead") : failed(guest.tid(), e);
            }
            guests.add(new Held(
                    guest, new UnsafeBuffer(new byte[UserRegs.LENGTH]), new UnsafeBuffer(new byte[UserRegs.LENGTH])));
        }
    }

    /**
     * Takes all seized threads through the gate, up to the moment before they are let go.
     *
     * @param stillWanted asked while a thread does not stop; throws when it has been long enough
     */
    void prepare(final Runnable stillWanted) {
        patience = stillWanted;
        forAll(held -> Ptrace.interrupt(held.guest().tid()));
        forAll(held -> {
            final Guest guest = held.guest();
            awaitStop(guest, false);
            Ptrace.getRegisters(guest.tid(), registers);
            awaitSleep(guest);
            held.stopped().putBytes(0, registers.buffer(), 0, UserRegs.LENGTH);
            held.saved().putBytes(0, registers.buffer(), 0, UserRegs.LENGTH);
            GateRegisters.replace(guest.core(), held.saved());
        });
        unmapAll();
        forAll(this::setRegisters);
    }

    /** Who is to be found asleep may not have come to it: all that the thread has confirmed is that it will. */
    private void awaitSleep(final Guest guest) {
        for (long pause = FIRST_PAUSE; GateRegisters.isBeforeItsSleep(guest.core(), registers.buffer()); ) {
            patience.run();
            Ptrace.resume(guest.tid(), 0);
            LockSupport.parkNanos(pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE);
            Ptrace.interrupt(guest.tid());
            awaitStop(guest, false);
            Ptrace.getRegisters(guest.tid(), registers);
        }
    }

    private void setRegisters(final Held held) {
        final Guest guest = held.guest();
        registers.buffer().putBytes(0, held.saved(), 0, UserRegs.LENGTH);
        final int length = GateRegisters.vectorState(guest.core(), vectorState.buffer());
        Ptrace.setRegisters(guest.tid(), registers);
        Ptrace.setRegisterSet(guest.tid(), Ptrace.NT_X86_XSTATE, vectorState.address(), length);
        Ptrace.setSignalMask(guest.tid(), GateRegisters.signalMask(guest.core()));
    }

    /** Queues what is to stop some of them once they are let go. */
    void prepareEndings() {
        for (final Held held : guests) {
            held.guest().ending().prepare(held.guest().pid(), held.guest().tid());
        }
        stoppedMeanwhile.forEachInt(pid -> Signals.kill(pid, Signals.SIGSTOP));
    }

    /** Lets all go: running, or stopped where they had been or are asked to be. From the first one on nothing is undone. */
    void letGo() {
        for (final Held held : guests) {
            try {
                Ptrace.detach(held.guest().tid(), 0);
            } catch (final LinuxException e) {
                if (e.errno() != Errno.ESRCH) { // killed: by whom it likes, for the tree runs already
                    throw e;
                }
            }
        }
    }

    /** Does one step for all. */
    private void forAll(final Consumer<Held> step) {
        for (final Held held : guests) {
            try {
                step.accept(held);
            } catch (final LinuxException e) {
                throw failed(held.guest().tid(), e);
            }
        }
    }

    private void forUnmapping(final Consumer<Held> step) {
        forAll(held -> {
            if (held.guest().unmaps()) {
                step.accept(held);
            }
        });
    }

    private void unmapAll() {
        forUnmapping(held -> {
            registers.buffer().putBytes(0, held.stopped(), 0, UserRegs.LENGTH);
            registers
                    .set(UserRegs.RIP, syscallAddress)
                    .set(UserRegs.RAX, SyscallNumber.MUNMAP)
                    .set(UserRegs.ORIG_RAX, -1)
                    .set(UserRegs.RDI, holeAddress)
                    .set(UserRegs.RSI, holeLength);
            Ptrace.setRegisters(held.guest().tid(), registers);
            Ptrace.resumeToSyscall(held.guest().tid(), 0);
        });
        forUnmapping(held -> {
            awaitStop(held.guest(), true);
            Ptrace.interrupt(held.guest().tid());
            Ptrace.resume(held.guest().tid(), 0);
        });
        forUnmapping(held -> {
            awaitStop(held.guest(), false);
            final long result = Ptrace.peekUser(held.guest().tid(), UserRegs.RAX);
            if (result != 0) {
                throw LinuxException.of(SyscallNumber.MUNMAP, result, "the hole");
            }
        });
    }

    /**
     * Never blocks in the kernel: of a process that is killed here, the leader's end is told only after that of its other
     * threads, which are ours to wait for too.
     */
    private void awaitStop(final Guest guest, final boolean atSyscall) {
        WaitStatus status = awaitChange(guest);
        while (isStopSignal(status)) { // somebody wants it stopped: after the gate
            stoppedMeanwhile.add(guest.pid());
            if (atSyscall) {
                Ptrace.resumeToSyscall(guest.tid(), 0);
            } else {
                Ptrace.resume(guest.tid(), 0);
            }
            status = awaitChange(guest);
        }
        if (!status.isStopped() || status.isSyscallStop() != atSyscall) {
            throw died(guest.tid(), status.toString());
        }
    }

    private static boolean isStopSignal(final WaitStatus status) {
        return status.isStopped() && status.event() == 0 && status.stopSignal() == Signals.SIGSTOP;
    }

    private WaitStatus awaitChange(final Guest guest) {
        long pause = FIRST_PAUSE;
        WaitStatus status = Wait.wait4(guest.tid(), Wait.WALL | Wait.WNOHANG);
        for (int tries = 1; status.isNone(); tries++) {
            if (tries < YIELDS) {
                SystemCall.call(SyscallNumber.SCHED_YIELD);
            } else {
                patience.run();
                if (pause >= LONGEST_PAUSE && isDead(guest.pid(), guest.tid())) {
                    throw died(guest.tid(), "it is dead");
                }
                LockSupport.parkNanos(pause);
                pause = Math.min(2 * pause, LONGEST_PAUSE);
            }
            status = Wait.wait4(guest.tid(), Wait.WALL | Wait.WNOHANG);
        }
        return status;
    }

    private static boolean isDead(final int pid, final int tid) {
        try (ProcFs proc = new ProcFs()) {
            return proc.stat(pid, tid).isZombie();
        } catch (final VanishedException e) {
            return true;
        }
    }

    private static BatonException died(final int tid, final String how) {
        return failure(ErrorCode.TASK_DIED, tid, how, KILLED, "", null);
    }

    private static BatonException failed(final int tid, final LinuxException e) {
        if (e.errno() == Errno.ESRCH || e.errno() == Errno.ECHILD) {
            return failure(ErrorCode.TASK_DIED, tid, String.valueOf(e.getMessage()), KILLED, "", e);
        }
        final int tracer = tracer(tid);
        final String by = tracer == 0 ? "" : "; traced by pid " + tracer;
        final String remedy =
                tracer == 0 ? "" : "let the debugger go: a task has one tracer, and until it runs that is us";
        return failure(ErrorCode.TASK_FAILED, tid, e.getMessage() + by, remedy, Errno.nameOf(e.errno()), e);
    }

    private static BatonException failure(
            final ErrorCode code,
            final int tid,
            final String how,
            final String remedy,
            final String errno,
            final @Nullable Exception cause) {
        final Details details = new Details(tid, RestoreStage.RESTORE_CREDS.name(), "the gate", "", errno);
        return new BatonException(code, "pid " + tid + " at the gate: " + how, remedy, details, cause);
    }

    /** Who traces it; 0: nobody. */
    private static int tracer(final int tid) {
        try (ProcFs proc = new ProcFs()) {
            return proc.status(tid, tid).tracer();
        } catch (final LinuxException e) {
            return 0;
        }
    }

    @Override
    public void close() {
        registers.close();
        vectorState.close();
    }
}
