/** What the kernel keeps for each thread on behalf of the threading library: robust futexes, tid address, rseq. */
@NullMarked
package io.baton.coordinator.state.thread;

import org.jspecify.annotations.NullMarked;
