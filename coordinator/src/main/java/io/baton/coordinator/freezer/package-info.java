/** Freezer groups, v1 and v2: what state they are in, whom they hold, and how they are put back as they were. */
@NullMarked
package io.baton.coordinator.freezer;

import org.jspecify.annotations.NullMarked;
