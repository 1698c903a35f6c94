/** Starts the native helper, and takes down what it has made. */
@NullMarked
package io.baton.mktree.launch;

import org.jspecify.annotations.NullMarked;
