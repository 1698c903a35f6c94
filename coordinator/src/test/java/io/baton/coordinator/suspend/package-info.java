@NullMarked
package io.baton.coordinator.suspend;

import org.jspecify.annotations.NullMarked;
