/** Descriptors, what they stand for, and the file system context: each kind of file with its capture and its compile. */
@NullMarked
package io.baton.coordinator.state.files;

import org.jspecify.annotations.NullMarked;
