package io.baton.coordinator.state;

import java.util.List;

/** The registry: every kind of state, in the order in which it is restored. */
public final class StateKinds {
    /** All kinds. */
    public static final List<StateKind> ALL = List.of();

    private StateKinds() {}
}
