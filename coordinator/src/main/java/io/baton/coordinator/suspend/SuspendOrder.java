package io.baton.coordinator.suspend;

/** Who is told of a suspend before whom. */
public enum SuspendOrder {
    /** A process is told when its parent's turn is over: it has completed, or will not. */
    PARENTS_FIRST,

    /** A process is told when the turns of all its children are over. */
    CHILDREN_FIRST,

    /** All are told at once. */
    ALL_AT_ONCE
}
