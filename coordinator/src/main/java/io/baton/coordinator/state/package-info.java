/** The kinds of kernel state: for each, how it is captured on dump and compiled to a program on restore, side by side. */
@NullMarked
package io.baton.coordinator.state;

import org.jspecify.annotations.NullMarked;
