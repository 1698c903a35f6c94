/** Dump: stop a tree, refuse or capture it kind by kind, write the image, and let it go or end it. */
@NullMarked
package io.baton.coordinator.dump;

import org.jspecify.annotations.NullMarked;
