package io.baton.coordinator.suspend;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.progress.SuspendOutcome;
import io.baton.coordinator.progress.SuspendTurn;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.task.linux.ProcFs;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Processes that were asked to suspend themselves, and are held in COMPLETE until they are released: all of them at once,
 * when the tree has been stopped. From then on it is the stop that holds them, so that an image shows them released, and
 * they return from COMPLETE wherever they run on.
 */
public final class Suspension implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Suspension.class);

    private final List<AskedProcess> processes;
    private final Holds holds;

    private Suspension(List<AskedProcess> processes) {
        this.processes = processes;
        this.holds = new Holds();
    }

    /**
     * Asks the processes of a tree. What they do, or do not, ends nothing but their own turn.
     *
     * @param root pid of the tree's root
     * @param caller pid of one who need not be asked; 0: nobody
     * @throws BatonException NOT_SUSPENDED if all who registered are required to complete, and one has not; TIMEOUT,
     *     INTERRUPTED. Then all are released
     */
    public static Suspension ask(
            int root, int caller, SuspendOptions options, Deadline deadline, OperationListener listener) {
        long start = System.nanoTime();
        try (ProcFs proc = new ProcFs()) {
            Suspension suspension = new Suspension(options.ask() ? Participants.of(proc, root, caller) : List.of());
            try {
                if (suspension.processes.stream().anyMatch(AskedProcess::hasRegistered)) {
                    suspension.ask(proc, options, deadline);
                    listener.phase("ask", start, System.nanoTime());
                    suspension.tell(listener);
                    suspension.check(options);
                }
                return suspension;
            } catch (RuntimeException | Error e) {
                suspension.close();
                throw e;
            }
        }
    }

    private void ask(ProcFs proc, SuspendOptions options, Deadline deadline) {
        new Asking(processes, holds, options, deadline, proc).run();
    }

    private void tell(OperationListener listener) {
        int completed = 0;
        int called = 0;
        for (SuspendTurn turn : turns()) {
            listener.task(turn.outcome().event(), turn.pid(), turn.startNanos(), turn.endNanos());
            listener.suspended(turn);
            called += turn.called() ? 1 : 0;
            completed += turn.outcome() == SuspendOutcome.COMPLETED ? 1 : 0;
            if (turn.outcome() == SuspendOutcome.NO_CALLBACK) {
                LOG.debug("pid {}: {}", turn.pid(), turn.outcome());
            } else {
                LOG.info("{}", text(turn));
            }
        }
        LOG.info("suspend: {} processes, {} called, {} completed", processes.size(), called, completed);
    }

    private static String text(SuspendTurn turn) {
        StringBuilder text = new StringBuilder("pid ").append(turn.pid()).append(": ");
        text.append(turn.outcome());
        if (turn.called()) {
            text.append(turn.outcome() == SuspendOutcome.COMPLETED ? " in " : " after ");
            text.append(TimeUnit.NANOSECONDS.toMillis(turn.endNanos() - turn.startNanos()));
            text.append(" ms");
        }
        return turn.reason().isEmpty() ? text.toString() : text + ": " + turn.reason();
    }

    private void check(SuspendOptions options) {
        if (!options.required()) {
            return;
        }
        List<String> others = new ArrayList<>();
        for (SuspendTurn turn : turns()) {
            if (turn.outcome() != SuspendOutcome.COMPLETED && turn.outcome() != SuspendOutcome.NO_CALLBACK) {
                others.add(text(turn));
            }
        }
        if (!others.isEmpty()) {
            throw new BatonException(
                    ErrorCode.NOT_SUSPENDED,
                    "not all processes have suspended themselves: " + String.join("; ", others),
                    "--suspend-timeout gives them more time");
        }
    }

    /** What has become of each process, parents before their children; empty if nobody had registered. */
    public List<SuspendTurn> turns() {
        List<SuspendTurn> turns = new ArrayList<>();
        for (AskedProcess process : processes) {
            SuspendTurn turn = process.turn();
            if (turn != null) {
                turns.add(turn);
            }
        }
        return turns;
    }

    /** Takes all marks away. Who is stopped returns from COMPLETE when it runs on; who is not, now. */
    public void release() {
        holds.release();
    }

    /** Releases all, if that is not done yet. */
    @Override
    public void close() {
        holds.close();
        Participants.close(processes);
    }
}
