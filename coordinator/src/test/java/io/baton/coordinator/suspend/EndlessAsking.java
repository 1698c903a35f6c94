package io.baton.coordinator.suspend;

import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.ptrace.Deadline;
import java.util.concurrent.TimeUnit;

/** A coordinator that waits for processes until somebody kills it. Argument: pid of the tree's root. */
public final class EndlessAsking {
    private EndlessAsking() {}

    /** Asks, parents first. */
    public static void main(String[] arguments) {
        SuspendOptions options = new SuspendOptions(true, TimeUnit.HOURS.toNanos(1), SuspendOrder.PARENTS_FIRST, false);
        Suspension.ask(Integer.parseInt(arguments[0]), 0, options, Deadline.after(0), OperationListener.NONE)
                .close();
    }
}
