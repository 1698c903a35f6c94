/** The shared segment: one stateless descriptor for each region, drawn as it lies in memory, and the two rings in it. */
@NullMarked
package io.baton.task.segment;

import org.jspecify.annotations.NullMarked;
