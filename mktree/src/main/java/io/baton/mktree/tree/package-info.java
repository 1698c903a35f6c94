/** The process tree: what it is made of, which trees can be, and where one comes from. */
@NullMarked
package io.baton.mktree.tree;

import org.jspecify.annotations.NullMarked;
