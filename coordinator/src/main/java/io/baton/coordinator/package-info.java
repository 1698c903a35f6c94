/** Dump and restore of a tree of tasks, from plan to gate. */
@NullMarked
package io.baton.coordinator;

import org.jspecify.annotations.NullMarked;
