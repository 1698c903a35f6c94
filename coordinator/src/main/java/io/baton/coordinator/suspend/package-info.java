/** Asks the processes of a tree, before it is stopped, to bring themselves into order: the coordinator's side. */
@NullMarked
package io.baton.coordinator.suspend;

import org.jspecify.annotations.NullMarked;
