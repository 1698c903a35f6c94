package io.baton.coordinator.restore;

import io.baton.coordinator.error.Refusals;
import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.plan.PlannedTask;
import io.baton.mktree.plan.Step;
import io.baton.mktree.tree.TreeFromImage;
import java.util.HashMap;
import java.util.Map;

/**
 * Which processes had one descriptor table (clone(2) with CLONE_FILES). They have one from birth: the first restores it, and
 * the last closes what all had for the restore only.
 */
final class DescriptorTables {
    /** By row of the tree: the first row with that table, itself if there is no other. */
    private final int[] first;

    private final boolean[] last;
    private final SavedTree tree;

    DescriptorTables(final SavedTree tree, final Processes processes) {
        this.tree = tree;
        final int rows = tree.entries().size();
        final Map<Integer, Integer> known = new HashMap<>();
        first = new int[rows];
        last = new boolean[rows];
        final int[] latest = new int[rows];
        for (int row = 0; row < rows; row++) {
            first[row] = row;
            last[row] = true;
            if (!TreeFromImage.isZombie(tree.entries().get(row))) {
                final int table = processes.process(row).ids().getFilesId();
                final Integer before = table == 0 ? null : known.putIfAbsent(table, row);
                if (before != null) {
                    first[row] = before;
                    last[latest[before]] = false;
                    latest[before] = row;
                }
                latest[row] = row;
            }
        }
    }

    boolean isFirst(final int row) {
        return first[row] == row;
    }

    boolean isLast(final int row) {
        return last[row];
    }

    /** Whether the task in that slot is born with the table of whoever makes it. */
    boolean isShared(final int slot) {
        final int row = slot < tree.positionCount() ? tree.entryAt(slot) : -1;
        return row >= 0 && !isFirst(row);
    }

    /** Adds those that are made by somebody with another table. */
    void validate(final CreationPlan plan, final Refusals refusals) {
        for (final PlannedTask task : plan.tasks()) {
            for (final Step step : task.steps()) {
                if (step instanceof Step.Fork fork && isShared(fork.slot())) {
                    final int maker = task.kind() == PlannedTask.Kind.PROCESS ? tree.entryAt(task.slot()) : -1;
                    final int row = tree.entryAt(fork.slot());
                    if (maker < 0 || first[maker] != first[row]) {
                        refusals.add(
                                tree.entries().get(row).getPid(),
                                "descriptor table",
                                "shared with process "
                                        + tree.entries().get(first[row]).getPid()
                                        + ", while somebody else has to make it: not supported yet",
                                "");
                    }
                }
            }
        }
    }
}
