/** Restore: the image read and checked, contexts streamed to whoever holds the baton, stages, the gate, the undo. */
@NullMarked
package io.baton.coordinator.restore;

import org.jspecify.annotations.NullMarked;
