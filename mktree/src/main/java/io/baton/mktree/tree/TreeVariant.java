package io.baton.mktree.tree;

import java.util.ArrayList;
import java.util.List;

/** The same tree with more in it, for tests and benchmarks. */
public final class TreeVariant {
    private TreeVariant() {}

    /** Gives every living process so many threads; their ids follow the largest id there is. */
    public static ProcessTree withThreads(final ProcessTree tree, final int threads) {
        int last = 0;
        for (final Task task : tree) {
            last = Math.max(last, task.pid());
            for (final int thread : task.threads()) {
                last = Math.max(last, thread);
            }
        }
        final List<Task> tasks = new ArrayList<>(tree.size());
        for (final Task task : tree) {
            final List<Integer> ids = new ArrayList<>(task.threads());
            while (!task.zombie() && ids.size() < threads) {
                ids.add(++last);
            }
            tasks.add(task.withThreads(ids));
        }
        return ProcessTree.of(tasks);
    }

    /** Turns the last so many childless processes into zombies that have exited with 0. */
    public static ProcessTree withZombies(final ProcessTree tree, final int zombies) {
        final List<Task> tasks = new ArrayList<>(tree.tasks());
        int left = zombies;
        for (int row = tree.size() - 1; row > 0 && left > 0; row--) {
            if (tree.childCount(row) == 0 && !tasks.get(row).zombie()) {
                tasks.set(row, tasks.get(row).asZombie(0));
                left--;
            }
        }
        return ProcessTree.of(tasks);
    }
}
