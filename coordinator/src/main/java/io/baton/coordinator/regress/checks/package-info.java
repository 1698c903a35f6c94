/** The checks themselves, one class for each part of the kernel. */
@NullMarked
package io.baton.coordinator.regress.checks;

import org.jspecify.annotations.NullMarked;
