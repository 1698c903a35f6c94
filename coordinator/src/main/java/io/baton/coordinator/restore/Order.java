package io.baton.coordinator.restore;

/** What the user asks of the order in which tasks restore themselves. */
public enum Order {
    /** One after the other, as they were saved. */
    SAVED,
    /** At the same time on all cores, as far as none needs another. */
    PARALLEL
}
