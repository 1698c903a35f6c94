/** Journals: what is written is what is read, whoever was killed in between. */
@NullMarked
package io.baton.coordinator.journal;

import org.jspecify.annotations.NullMarked;
