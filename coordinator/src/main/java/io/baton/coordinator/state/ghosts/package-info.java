/** Files that have no name any more but are still open or mapped: saved with their contents, and made anew. */
@NullMarked
package io.baton.coordinator.state.ghosts;

import org.jspecify.annotations.NullMarked;
