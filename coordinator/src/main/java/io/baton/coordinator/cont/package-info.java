/** Continues a tree that a dump or a restore has left stopped. */
@NullMarked
package io.baton.coordinator.cont;

import org.jspecify.annotations.NullMarked;
