/** Namespaces of a tree's root, which its descendants are born into: looked at from inside on a dump, made anew on a restore. */
@NullMarked
package io.baton.coordinator.state.namespaces;

import org.jspecify.annotations.NullMarked;
