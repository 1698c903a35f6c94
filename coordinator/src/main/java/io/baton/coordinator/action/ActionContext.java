package io.baton.coordinator.action;

import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/**
 * Where an operation stands when it runs an action.
 *
 * @param images directory of the image
 * @param root pid of the tree's root as we see it; 0 while there is none
 * @param deadlineNanos when the action must have ended, System.nanoTime; 0: no limit
 * @param cancelled whether the operation is to be given up, and the action with it
 */
public record ActionContext(Path images, int root, long deadlineNanos, BooleanSupplier cancelled) {}
