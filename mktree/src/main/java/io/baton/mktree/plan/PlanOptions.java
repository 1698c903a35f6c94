package io.baton.mktree.plan;

import java.util.function.IntPredicate;

/**
 * What a plan depends on besides the tree.
 *
 * @param namespaces the root prepares namespaces, in a stage of its own
 * @param held a task of its own, the holder, makes those namespaces, and is in them as long as anybody may want to join
 * @param helperReaps the helper is init of a pid namespace of which the root is not: it stays and reaps
 * @param freePid whether a pid may be used for a placeholder; pids of the tree are never asked for
 * @param lastPid the largest pid there can be
 */
public record PlanOptions(boolean namespaces, boolean held, boolean helperReaps, IntPredicate freePid, int lastPid) {
    private static final int SMALLEST_PID_MAX = 32768;

    /** No namespaces, and every pid is free that the tree does not use. */
    public static PlanOptions defaults() {
        return new PlanOptions(false, false, false, pid -> true, SMALLEST_PID_MAX - 1);
    }

    public PlanOptions withNamespaces() {
        return new PlanOptions(true, held, helperReaps, freePid, lastPid);
    }

    /** Namespaces that a holder makes for the root to join. */
    public PlanOptions withHeldNamespaces() {
        return new PlanOptions(true, true, helperReaps, freePid, lastPid);
    }

    public PlanOptions withReapingHelper() {
        return new PlanOptions(namespaces, held, true, freePid, lastPid);
    }

    public PlanOptions withFreePids(final IntPredicate newFreePid, final int newLastPid) {
        return new PlanOptions(namespaces, held, helperReaps, newFreePid, newLastPid);
    }
}
