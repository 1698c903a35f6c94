package io.baton.coordinator.suspend;

import io.baton.coordinator.progress.SuspendOutcome;
import io.baton.coordinator.progress.SuspendTurn;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A process of the tree, as it was found before anybody was asked, and how far its turn is. */
final class AskedProcess {
    private final int pid;
    private final @Nullable AskedProcess parent;
    private final List<AskedProcess> children = new ArrayList<>();
    private final long startTime;
    private final boolean alone;
    private @Nullable SuspendPage page;
    private String problem = "";

    private int waits;
    private int round;
    private long start;
    private @Nullable SuspendTurn turn;

    /** To be asked; {@code alone}: its leader was its only thread. */
    AskedProcess(int pid, @Nullable AskedProcess parent, long startTime, boolean alone) {
        this.pid = pid;
        this.parent = parent;
        this.startTime = startTime;
        this.alone = alone;
        if (parent != null) {
            parent.children.add(this);
        }
    }

    int pid() {
        return pid;
    }

    @Nullable
    AskedProcess parent() {
        return parent;
    }

    List<AskedProcess> children() {
        return children;
    }

    /** By which it is told from others that had its pid. */
    long startTime() {
        return startTime;
    }

    /** Whether it had no threads but the leader. */
    boolean isAlone() {
        return alone;
    }

    /** Null if it has not registered, or cannot be asked. */
    @Nullable
    SuspendPage page() {
        return page;
    }

    void registered(SuspendPage newPage) {
        page = newPage;
    }

    /** It has registered, but cannot be asked. */
    void cannotBeAsked(String reason) {
        problem = reason;
    }

    /** The page of one that is asked. */
    SuspendPage askedPage() {
        SuspendPage mapped = page;
        if (mapped == null) {
            throw new IllegalStateException("has no page: pid=" + pid);
        }
        return mapped;
    }

    boolean hasProblem() {
        return !problem.isEmpty();
    }

    boolean hasRegistered() {
        return page != null || !problem.isEmpty();
    }

    /** Its turn comes when so many others' are over. */
    void awaits(int others) {
        waits = others;
    }

    /** One of those is over; whether it was the last. */
    boolean oneLess() {
        return --waits == 0;
    }

    boolean mayStart() {
        return waits == 0;
    }

    void started(int newRound, long nanos) {
        round = newRound;
        start = nanos;
    }

    int round() {
        return round;
    }

    /** When it was told. */
    long start() {
        return start;
    }

    /** Its turn is over before it was told. */
    SuspendTurn passed(long nanos, String why) {
        start = nanos;
        String reason = problem.isEmpty() ? why : problem;
        boolean asked = hasRegistered();
        return over(asked ? SuspendOutcome.NOT_ASKED : SuspendOutcome.NO_CALLBACK, asked ? reason : "", nanos);
    }

    SuspendTurn over(SuspendOutcome outcome, String reason, long nanos) {
        SuspendTurn ended = new SuspendTurn(pid, outcome, reason, start, nanos);
        turn = ended;
        return ended;
    }

    /** Null as long as it is not over. */
    @Nullable
    SuspendTurn turn() {
        return turn;
    }
}
