package io.baton.coordinator.supervision;

import io.baton.coordinator.action.Action;
import io.baton.coordinator.progress.OperationListener;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Who watches over an operation, whatever it is.
 *
 * @param limits after which it is undone
 * @param cancelled whether to give up and undo; asked often, from the operation's thread
 * @param listener hears how it goes
 * @param actions run at the points of {@link io.baton.coordinator.action.ActionPoint}, in this order
 */
public record Supervision(
        TimeLimits limits, BooleanSupplier cancelled, OperationListener listener, List<Action> actions) {
    /** The default limits, and nobody. */
    public static final Supervision NONE =
            new Supervision(TimeLimits.DEFAULT, () -> false, OperationListener.NONE, List.of());

    public Supervision {
        actions = List.copyOf(actions);
    }

    public Supervision withLimits(final TimeLimits newLimits) {
        return new Supervision(newLimits, cancelled, listener, actions);
    }

    public Supervision withCancellation(final BooleanSupplier newCancelled) {
        return new Supervision(limits, newCancelled, listener, actions);
    }

    public Supervision withListener(final OperationListener newListener) {
        return new Supervision(limits, cancelled, newListener, actions);
    }

    public Supervision withActions(final List<? extends Action> newActions) {
        return new Supervision(limits, cancelled, listener, List.copyOf(newActions));
    }
}
