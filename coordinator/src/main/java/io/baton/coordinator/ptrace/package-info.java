/** Seized tasks: stopping and stepping them, their registers, and the runner inside them. */
@NullMarked
package io.baton.coordinator.ptrace;

import org.jspecify.annotations.NullMarked;
