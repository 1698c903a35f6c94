/** What a task is and may: name, personality, scheduling, limits, credentials, flags, and how it ended. */
@NullMarked
package io.baton.coordinator.state.identity;

import org.jspecify.annotations.NullMarked;
