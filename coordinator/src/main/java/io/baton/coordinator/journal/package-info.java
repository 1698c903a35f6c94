/** What operations did, kept on disk: written beside the operation, read after it, whoever killed it. */
@NullMarked
package io.baton.coordinator.journal;

import org.jspecify.annotations.NullMarked;
