/** Watching the memory of a tree for writes between two dumps, so that the second need not write all of it again. */
@NullMarked
package io.baton.coordinator.tracking;

import org.jspecify.annotations.NullMarked;
