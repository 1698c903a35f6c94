/** A resident coordinator: a socket of one's own, behind which commands are run for the client of {@code native/client.c}. */
@NullMarked
package io.baton.coordinator.serve;

import org.jspecify.annotations.NullMarked;
