/** What can go wrong, as one append-only list of codes, each with its exit status. */
@NullMarked
package io.baton.coordinator.error;

import org.jspecify.annotations.NullMarked;
