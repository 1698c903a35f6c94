/** Clears what operations left that were killed: what is provably theirs, and nothing else. */
@NullMarked
package io.baton.coordinator.recover;

import org.jspecify.annotations.NullMarked;
