/** Who makes whom, in which order and with what help, so that a saved process tree comes to be again. */
@NullMarked
package io.baton.mktree.plan;

import org.jspecify.annotations.NullMarked;
