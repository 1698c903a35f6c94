/**
 * An implementation for the {@code org.crac} library, which finds it by {@code -Dorg.crac.Core.Compat=io.baton.task.crac}:
 * resources are told of a dump and a restore by Baton.
 */
@NullMarked
package io.baton.task.crac;

import org.jspecify.annotations.NullMarked;
