package io.baton.mktree.plan;

import static io.baton.mktree.plan.TreeIndex.NONE;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A process while the plan is being made: one of the tree, a ghost or a placeholder. */
final class Draft {
    final int slot;
    final int pid;
    final PlannedTask.Kind kind;

    /** Its row in the tree, or NONE. */
    final int row;

    int exitSignal;
    boolean startsSession;
    boolean leadsGroup;

    /** Made before setsid, made after it, in order. */
    final List<Draft> before = new ArrayList<>(0);

    final List<Draft> after = new ArrayList<>(0);

    /** Keeps its group alive while it moves on to another. */
    @Nullable
    Draft pin;

    @Nullable
    Draft maker;

    /** Parent while the tree is made; the helper is null. */
    @Nullable
    Draft firstParent;

    boolean sibling;

    /** Distance from the helper while the tree is made. */
    int depth;

    /** Comes to its saved parent by the death of a placeholder. */
    boolean orphan;

    /** Takes orphans, all the time that the tree is made. */
    boolean subreaper;

    /** Ghosts and placeholders to be waited for. */
    final List<Draft> reaps = new ArrayList<>(0);

    /** Steps that release orphans one by one. */
    final List<Step> releases = new ArrayList<>(0);

    Draft(final int slot, final int pid, final PlannedTask.Kind kind, final int row) {
        this.slot = slot;
        this.pid = pid;
        this.kind = kind;
        this.row = row;
        this.exitSignal = kind == PlannedTask.Kind.PROCESS ? PlannedTask.SIGCHLD : 0;
    }

    boolean isTemporary() {
        return row == NONE;
    }

    void makesBefore(final Draft child) {
        child.maker = this;
        before.add(child);
    }

    void makesAfter(final Draft child) {
        child.maker = this;
        after.add(child);
    }

    void makesSibling(final Draft child) {
        makesAfter(child);
        child.sibling = true;
        if (isTemporary()) {
            exitSignal = PlannedTask.SIGCHLD; // CLONE_PARENT passes on the maker's own
        }
    }
}
