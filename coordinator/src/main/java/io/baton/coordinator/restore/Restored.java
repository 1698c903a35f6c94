package io.baton.coordinator.restore;

/**
 * A tree that runs again.
 *
 * @param root pid of its root, as we see it
 * @param child our child that ends when the root ends, and as it does: the root itself, or the init that we gave it
 */
public record Restored(int root, int child) {}
