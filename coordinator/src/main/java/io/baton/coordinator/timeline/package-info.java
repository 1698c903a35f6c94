/** Pictures of an operation, from its journal: a page, a trace for Perfetto, a summary for the terminal. */
@NullMarked
package io.baton.coordinator.timeline;

import org.jspecify.annotations.NullMarked;
