package io.baton.coordinator.ptrace;

import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Wait;
import io.baton.task.linux.WaitStatus;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A process and all its descendants, all stopped. Ends in one of three ways: {@link #release}, {@link #releaseStopped} or
 * {@link #kill}; {@link #close} releases what has not been ended yet.
 */
public final class SeizedTree implements AutoCloseable {
    private static final long PAUSE_NANOS = 200_000;

    private final ProcReaders readers;
    private final List<SeizedProcess> processes;
    private final Standstill standstill;
    private final List<SeizingMember.Traced> bystanders;
    private boolean ended;

    SeizedTree(
            ProcReaders readers,
            List<SeizedProcess> processes,
            Standstill standstill,
            List<SeizingMember.Traced> bystanders) {
        this.readers = readers;
        this.processes = processes;
        this.standstill = standstill;
        this.bystanders = bystanders;
    }

    /** Parents before children, siblings in the order of their birth; zombies too. The first is the root. */
    public List<SeizedProcess> processes() {
        return Collections.unmodifiableList(processes);
    }

    /** {@code /proc}, for the calling thread. */
    public ProcFs proc() {
        return readers.get();
    }

    public SeizedProcess root() {
        return processes.get(0);
    }

    /** Lets everybody run on; those that were stopped by a signal stay so. */
    public void release() {
        if (ended) {
            return;
        }
        ended = true;
        RuntimeException failure = clean();
        try {
            standstill.putBack();
        } catch (RuntimeException e) {
            failure = failure == null ? e : failure;
        }
        for (SeizedProcess process : processes) {
            for (SeizedThread thread : process.threads()) {
                Stops.letGo(thread.tid(), 0);
            }
        }
        bystanders.forEach(Stops::letGo);
        closeAll();
        if (failure != null) {
            throw failure;
        }
    }

    /** Lets everybody go, stopped as by SIGSTOP: nobody runs an instruction before SIGCONT. */
    public void releaseStopped() {
        RuntimeException failure = clean();
        for (SeizedProcess process : processes) {
            if (!process.isZombie() && process.stopSignal() == 0) {
                // Queued now, it is the first thing each of them finds when it is let go.
                StopMark.stop(process.pid(), process.firstThread().tid());
            }
        }
        release();
        if (failure != null) {
            throw failure;
        }
    }

    /** Those that are stopped by a signal, whoever sent it. */
    public List<SeizedProcess> stopped() {
        return processes.stream().filter(StopMark::isStopped).toList();
    }

    /**
     * Those that {@link #releaseStopped} or a restore has left stopped, and not those that a signal had stopped before.
     */
    public List<SeizedProcess> leftStopped() {
        return processes.stream().filter(StopMark::isOn).toList();
    }

    /** Lets everybody go, these continued as by SIGCONT: all stand still until then, so they run on at once. */
    public void releaseContinued(List<SeizedProcess> continued) {
        for (SeizedProcess process : continued) {
            Signals.kill(process.pid(), Signals.SIGCONT);
        }
        release();
    }

    /** Kills everybody and waits until all are dead. The root's exit status is its parent's to collect. */
    public void kill(Deadline deadline) {
        ended = true;
        boolean inner = root().status().namespaced().tgid().size() > 1;
        for (SeizedProcess process : processes) {
            if (!process.isZombie()) {
                Signals.kill(process.pid(), Signals.SIGKILL);
            }
        }
        try {
            if (inner) {
                awaitDeathInAnyOrder(deadline);
            } else {
                awaitDeaths(deadline);
            }
        } finally {
            standstill.putBack();
            bystanders.forEach(Stops::letGo);
            closeAll();
        }
    }

    private void awaitDeaths(Deadline deadline) {
        Stops stops = new Stops(proc(), deadline);
        for (SeizedProcess process : processes) {
            // A leader's death is told after that of all its threads.
            List<SeizedThread> threads = process.threads();
            for (int i = threads.size() - 1; i >= 0; i--) {
                awaitDeath(stops, threads.get(i));
            }
        }
    }

    /**
     * The last thread of a pid namespace's init does not end before all others in the namespace have been waited for, and
     * by us first; and which one is the last, nobody knows.
     */
    private void awaitDeathInAnyOrder(Deadline deadline) {
        List<SeizedThread> living = new ArrayList<>();
        processes.forEach(process -> living.addAll(process.threads()));
        while (!living.isEmpty()) {
            if (!living.removeIf(SeizedTree::isDead)) {
                deadline.check("the tree to end");
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private static boolean isDead(SeizedThread thread) {
        try {
            return Wait.wait4(thread.tid(), Wait.WNOHANG | Wait.WALL).isDead();
        } catch (LinuxException e) {
            if (e.errno() == Errno.ECHILD) {
                return true; // waited for, or its leader was
            }
            throw e;
        }
    }

    /** Removes what we have put into the tree; gives the first failure, and goes on all the same. */
    private @Nullable RuntimeException clean() {
        RuntimeException first = null;
        standstill.insist();
        try (RemoteCalls calls = new RemoteCalls(proc())) {
            for (SeizedProcess process : processes) {
                try {
                    process.clean(calls);
                } catch (RuntimeException e) {
                    if (first == null) {
                        first = e;
                    }
                }
            }
        }
        return first;
    }

    private static void awaitDeath(Stops stops, SeizedThread thread) {
        WaitStatus status;
        do {
            status = stops.await(thread.pid(), thread.tid());
        } while (!status.isNone() && !status.isDead());
    }

    private void closeAll() {
        for (SeizedProcess process : processes) {
            process.close();
        }
        readers.close();
    }

    @Override
    public void close() {
        release();
    }
}
