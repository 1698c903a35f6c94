/** Registers of a thread, as CRIU's images hold them, as the kernel holds them, and what an interrupted call needs. */
@NullMarked
package io.baton.coordinator.state.registers;

import org.jspecify.annotations.NullMarked;
