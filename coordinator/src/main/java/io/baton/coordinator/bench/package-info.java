/** Measures dumps and restores for users, pairs them with other tools, and measures the floor below them in the same run. */
@NullMarked
package io.baton.coordinator.bench;

import org.jspecify.annotations.NullMarked;
