/** Memory: what is mapped where, what the pages hold, and what the kernel keeps about the address space as a whole. */
@NullMarked
package io.baton.coordinator.state.memory;

import org.jspecify.annotations.NullMarked;
