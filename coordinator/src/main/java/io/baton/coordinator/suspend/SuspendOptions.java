package io.baton.coordinator.suspend;

import java.util.concurrent.TimeUnit;

/**
 * How the processes of a tree are asked before it is dumped.
 *
 * @param ask whether they are asked at all
 * @param limitNanos how long each may take from START SUSPEND to COMPLETE
 * @param order who is told before whom
 * @param required whether the dump is given up, and the tree let run on, unless all who registered complete
 */
public record SuspendOptions(boolean ask, long limitNanos, SuspendOrder order, boolean required) {
    /** Seconds each process may take. */
    public static final int DEFAULT_LIMIT_SECONDS = 5;

    /** Whoever has registered is asked, parents first. */
    public static final SuspendOptions DEFAULT = new SuspendOptions(
            true, TimeUnit.SECONDS.toNanos(DEFAULT_LIMIT_SECONDS), SuspendOrder.PARENTS_FIRST, false);

    /** Nobody is asked. */
    public static final SuspendOptions NONE = new SuspendOptions(false, 0, SuspendOrder.ALL_AT_ONCE, false);

    public SuspendOptions {
        if (limitNanos < 0) {
            throw new IllegalArgumentException("negative: limitNanos=" + limitNanos);
        }
    }
}
