/** Timers that send signals: the three interval timers and those of timer_create(2). */
@NullMarked
package io.baton.coordinator.state.timers;

import org.jspecify.annotations.NullMarked;
