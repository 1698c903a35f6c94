/** Pictures of operations, real ones and large ones. */
@NullMarked
package io.baton.coordinator.timeline;

import org.jspecify.annotations.NullMarked;
