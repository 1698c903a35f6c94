package io.baton.coordinator.freezer;

/** What a freezer group is doing. */
public enum FreezerState {
    /** Its tasks run. */
    THAWED,
    /** Some of its tasks have not come to rest yet. */
    FREEZING,
    /** All its tasks stand still. */
    FROZEN
}
