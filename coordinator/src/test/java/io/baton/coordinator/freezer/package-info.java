@NullMarked
package io.baton.coordinator.freezer;

import org.jspecify.annotations.NullMarked;
