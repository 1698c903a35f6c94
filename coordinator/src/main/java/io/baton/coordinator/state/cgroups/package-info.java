/** The control groups tasks are in, of both versions: which, and what the groups are like. */
@NullMarked
package io.baton.coordinator.state.cgroups;

import org.jspecify.annotations.NullMarked;
