/** A tour: a small tree of processes is made, saved, ended and brought back before the user's eyes. */
@NullMarked
package io.baton.coordinator.demo;

import org.jspecify.annotations.NullMarked;
