package io.baton.mktree.plan;

import static io.baton.mktree.plan.TreeIndex.NONE;

import io.baton.mktree.plan.PlannedTask.Kind;
import java.util.ArrayList;
import java.util.List;

/** All processes of a plan: those of the tree, which have their slots from the start, and the temporary ones. */
final class Drafts {
    private final List<Draft> ofTree;
    private final List<Draft> temporary = new ArrayList<>();
    private final SparePids sparePids;
    private final int taskCount;

    Drafts(final TreeIndex tree, final SparePids sparePids) {
        this.sparePids = sparePids;
        ofTree = new ArrayList<>(tree.size());
        for (int row = 0; row < tree.size(); row++) {
            ofTree.add(new Draft(tree.slot(row), tree.pid(row), Kind.PROCESS, row));
        }
        taskCount = tree.taskCount();
    }

    /** The process of a row. */
    Draft of(final int row) {
        return ofTree.get(row);
    }

    /** A process that lends its pid to a session or a group. */
    Draft ghost(final int pid) {
        return temporary(pid, Kind.GHOST);
    }

    /** A process with a pid that nobody else needs. */
    Draft placeholder() {
        return temporary(sparePids.next(), Kind.PLACEHOLDER);
    }

    List<Draft> ofTree() {
        return ofTree;
    }

    List<Draft> temporary() {
        return temporary;
    }

    /** Processes and threads of the tree. */
    int taskCount() {
        return taskCount;
    }

    int size() {
        return ofTree.size() + temporary.size();
    }

    private Draft temporary(final int pid, final Kind kind) {
        final Draft draft = new Draft(taskCount + temporary.size(), pid, kind, NONE);
        temporary.add(draft);
        return draft;
    }
}
