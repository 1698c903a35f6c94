/** Looks at images: the tree, what each process has, in tables and JSON. */
@NullMarked
package io.baton.coordinator.inspect;

import org.jspecify.annotations.NullMarked;
