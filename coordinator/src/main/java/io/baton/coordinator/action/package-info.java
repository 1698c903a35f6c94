/** What others do at fixed points of an operation: action scripts, and their Java counterpart. */
@NullMarked
package io.baton.coordinator.action;

import org.jspecify.annotations.NullMarked;
