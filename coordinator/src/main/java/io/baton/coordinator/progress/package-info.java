/** What an operation tells of itself while it runs. */
@NullMarked
package io.baton.coordinator.progress;

import org.jspecify.annotations.NullMarked;
