package io.baton.mktree.plan;

import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;

/** What the planner asks of a tree: rows level by level, and ancestry in constant time. Never recursive. */
final class TreeIndex {
    static final int NONE = -1;
    static final int ROOT = 0;

    private final ProcessTree tree;
    private final int[] topDown;
    private final int[] entered;
    private final int[] left;

    TreeIndex(final ProcessTree tree) {
        this.tree = tree;
        topDown = new int[tree.size()];
        entered = new int[tree.size()];
        left = new int[tree.size()];
        orderByLevel();
        nestIntervals();
    }

    int size() {
        return tree.size();
    }

    Task row(final int row) {
        return tree.task(row);
    }

    int pid(final int row) {
        return tree.task(row).pid();
    }

    /** Row of the process with that pid, or NONE. */
    int rowOf(final int pid) {
        return tree.rowOf(pid);
    }

    int parent(final int row) {
        return tree.parent(row);
    }

    int childCount(final int row) {
        return tree.childCount(row);
    }

    int child(final int row, final int nth) {
        return tree.child(row, nth);
    }

    int taskCount() {
        return tree.taskCount();
    }

    /** Slot of a process: its place in the PID array. */
    int slot(final int row) {
        return tree.position(row);
    }

    /** Threads of a process besides its leader. */
    int otherThreads(final int row) {
        return tree.task(row).threads().size() - 1;
    }

    /** Rows level by level, the root first. */
    int topDown(final int index) {
        return topDown[index];
    }

    boolean leadsSession(final int row) {
        return tree.task(row).sessionLeader();
    }

    boolean leadsGroup(final int row) {
        return tree.task(row).groupLeader();
    }

    /** Whether the first is an ancestor of the second, or the second itself. */
    boolean isAncestorOrSelf(final int ancestor, final int row) {
        return entered[ancestor] <= entered[row] && left[row] <= left[ancestor];
    }

    boolean isAncestor(final int ancestor, final int row) {
        return ancestor != row && isAncestorOrSelf(ancestor, row);
    }

    private void orderByLevel() {
        int count = 1;
        for (int i = 0; i < count; i++) {
            final int row = topDown[i];
            for (int nth = 0; nth < tree.childCount(row); nth++) {
                topDown[count++] = tree.child(row, nth);
            }
        }
    }

    /** Each row gets an interval as long as its subtree is large, within that of its parent. */
    private void nestIntervals() {
        final int[] sizes = new int[tree.size()];
        for (int row = tree.size() - 1; row >= 0; row--) {
            sizes[row]++;
            if (row != ROOT) {
                sizes[tree.parent(row)] += sizes[row];
            }
        }
        for (int row = 0; row < tree.size(); row++) {
            left[row] = entered[row] + sizes[row];
            int at = entered[row] + 1;
            for (int nth = 0; nth < tree.childCount(row); nth++) {
                final int child = tree.child(row, nth);
                entered[child] = at;
                at += sizes[child];
            }
        }
    }
}
