/** The command line, one class per command. */
@NullMarked
package io.baton.coordinator.cli;

import org.jspecify.annotations.NullMarked;
