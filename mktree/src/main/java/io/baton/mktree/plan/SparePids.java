package io.baton.mktree.plan;

import io.baton.mktree.tree.Task;
import org.agrona.collections.IntHashSet;

/** Pids for placeholders: none that the tree needs, now or as the id of a session or group, and none that is taken. */
final class SparePids {
    /** The kernel itself does not come back to pids below when it starts over. */
    private static final int FIRST = 300;

    private final PlanOptions options;
    private final IntHashSet used;
    private int last;
    private int tried;

    SparePids(final TreeIndex tree, final PlanOptions options) {
        this.options = options;
        used = new IntHashSet(tree.size() * 2);
        for (int row = 0; row < tree.size(); row++) {
            final Task process = tree.row(row);
            used.add(process.pid());
            used.add(process.pgid());
            used.add(process.sid());
            for (final int tid : process.threads()) {
                used.add(tid);
            }
        }
        last = tree.pid(TreeIndex.ROOT);
    }

    int next() {
        while (tried++ <= options.lastPid()) {
            last = last >= options.lastPid() ? FIRST : Math.max(last + 1, FIRST);
            if (!used.contains(last) && options.freePid().test(last)) {
                return last;
            }
        }
        throw new PlanException("no pid left for a placeholder: last=" + options.lastPid());
    }
}
