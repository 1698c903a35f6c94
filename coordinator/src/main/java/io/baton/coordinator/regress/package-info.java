/** The kernel regression suite: small checks of what restore relies on, made of system calls on bare tasks. */
@NullMarked
package io.baton.coordinator.regress;

import org.jspecify.annotations.NullMarked;
