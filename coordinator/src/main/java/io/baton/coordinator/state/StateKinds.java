package io.baton.coordinator.state;

import io.baton.coordinator.state.memory.DumpableKind;
import io.baton.coordinator.state.memory.MemoryKind;
import java.util.List;

/** The registry: every kind of state, in the order in which it is restored. */
public final class StateKinds {
    /** All kinds. Dumpable comes after the credentials: changing those changes it. */
    public static final List<StateKind> ALL = List.of(new MemoryKind(), new DumpableKind());

    private StateKinds() {}
}
