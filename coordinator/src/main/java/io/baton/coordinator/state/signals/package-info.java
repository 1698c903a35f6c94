/** Signals: what is to be done about each, which are pending, and the stack handlers run on. */
@NullMarked
package io.baton.coordinator.state.signals;

import org.jspecify.annotations.NullMarked;
