/** Seccomp: which system calls a thread may make. */
@NullMarked
package io.baton.coordinator.state.seccomp;

import org.jspecify.annotations.NullMarked;
