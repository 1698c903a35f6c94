package io.baton.coordinator.ptrace;

import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.VanishedException;
import io.baton.task.linux.Wait;
import io.baton.task.linux.WaitStatus;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Waits for one traced thread to stop. Always for that very thread: a wait for any would walk all of them each time. And
 * never blocking: a thread in a vfork, or in a dead disk, stops when it likes, and a leader that exits before its threads
 * tells nobody.
 */
final class Stops {
    /** The thread is gone, or a zombie. */
    static final int GONE = -1;

    private static final int YIELDS = 40;
    private static final long FIRST_SLEEP = TimeUnit.MICROSECONDS.toNanos(20);
    private static final long LONGEST_SLEEP = TimeUnit.MILLISECONDS.toNanos(2);

    private static final long LONGEST_PARTING = TimeUnit.MILLISECONDS.toNanos(200);

    private final ProcFs proc;
    private final Deadline deadline;

    Stops(ProcFs proc, Deadline deadline) {
        this.proc = proc;
        this.deadline = deadline;
    }

    /**
     * Waits until a thread that was interrupted stands still. A signal that is just being delivered is let through: the
     * interrupt stops it again before the handler's first instruction.
     *
     * @return the signal of the group stop it is in, 0 if in none, {@link #GONE} if it has ended
     */
    int awaitInterrupted(int pid, int tid) {
        while (true) {
            WaitStatus status = await(pid, tid);
            if (status.isNone() || status.isDead()) {
                return GONE;
            } else if (status.event() == Ptrace.EVENT_STOP) {
                return status.stopSignal() == Signals.SIGTRAP ? 0 : status.stopSignal();
            } else if (!resumed(tid, status.event() == 0 ? status.stopSignal() : 0)) {
                return GONE;
            }
        }
    }

    ProcFs proc() {
        return proc;
    }

    /** Waits for the thread's next change; none if it became a zombie that nobody is told of. */
    WaitStatus await(int pid, int tid) {
        long sleep = FIRST_SLEEP;
        for (int tries = 0; ; tries++) {
            WaitStatus status = poll(tid);
            if (!status.isNone()) {
                return status;
            }
            if (tries < YIELDS) {
                SystemCall.call(SyscallNumber.SCHED_YIELD);
                continue;
            }
            if (sleep >= LONGEST_SLEEP && isZombie(pid, tid)) {
                return status;
            }
            if (deadline.passed()) {
                deadline.check(describe(pid, tid));
            }
            deadline.check("a thread to stop");
            LockSupport.parkNanos(sleep);
            sleep = Math.min(2 * sleep, LONGEST_SLEEP);
        }
    }

    /** The thread's change, if there was one. */
    static WaitStatus poll(int tid) {
        try {
            return Wait.wait4(tid, Wait.WALL | Wait.WNOHANG);
        } catch (LinuxException e) {
            if (e.errno() == Errno.ECHILD) {
                return new WaitStatus(tid, Signals.SIGKILL);
            }
            throw e;
        }
    }

    /** Lets a stopped thread run; false if it was killed meanwhile. */
    static boolean resumed(int tid, int signal) {
        try {
            Ptrace.resume(tid, signal);
            return true;
        } catch (LinuxException e) {
            if (e.errno() == Errno.ESRCH) {
                return false;
            }
            throw e;
        }
    }

    /** Lets a stopped thread go for good, with a signal it was about to get, or 0. Whether it was there and stopped. */
    static boolean letGo(int tid, int signal) {
        try {
            Ptrace.detach(tid, signal);
            return true;
        } catch (LinuxException e) {
            if (e.errno() != Errno.ESRCH) {
                throw e;
            }
            return false;
        }
    }

    /** Lets a thread go for good, if it is stopped. */
    static void letGo(SeizingMember.Traced thread) {
        if (thread.stopSignal != SeizingMember.Traced.RUNNING && thread.stopSignal != GONE) {
            letGo(thread.tid, thread.undelivered);
        }
    }

    /**
     * Waits a little for a thread that was asked to stop, to let it go. Only a stopped one can be let go, and only its stop
     * says whether it was about to get a signal, which must not be lost. One that does not stop soon stays ours, running,
     * until our thread ends.
     *
     * @return what is true of it now, see {@link SeizingMember.Traced#stopSignal}
     */
    int awaitParting(SeizingMember.Traced thread) {
        long end = System.nanoTime() + LONGEST_PARTING;
        while (System.nanoTime() - end < 0) {
            WaitStatus status = poll(thread.tid);
            if (status.isDead()) {
                return GONE;
            } else if (status.isStopped()) {
                thread.undelivered = status.event() == 0 ? status.stopSignal() : 0;
                return 0;
            }
            LockSupport.parkNanos(FIRST_SLEEP);
        }
        return SeizingMember.Traced.RUNNING;
    }

    private boolean isZombie(int pid, int tid) {
        try {
            return proc.stat(pid, tid).isZombie();
        } catch (VanishedException e) {
            return true;
        }
    }

    private String describe(int pid, int tid) {
        try {
            String state =
                    "pid " + pid + " thread " + tid + " (" + proc.stat(pid, tid).comm() + ") to stop; it is in state "
                            + proc.stat(pid, tid).state();
            return state + " in " + proc.readText(tid, "wchan");
        } catch (LinuxException e) {
            return "pid " + pid + " thread " + tid + " to stop";
        }
    }
}
