/** CRIU's image files: their kinds, how they are read and written. */
@NullMarked
package io.baton.mktree.image;

import org.jspecify.annotations.NullMarked;
