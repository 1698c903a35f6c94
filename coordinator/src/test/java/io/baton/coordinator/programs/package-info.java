/** Programs of Debian's packages as they are, saved and brought back again and again under their own clients. */
@NullMarked
package io.baton.coordinator.programs;

import org.jspecify.annotations.NullMarked;
