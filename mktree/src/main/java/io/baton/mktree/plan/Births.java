package io.baton.mktree.plan;

import static io.baton.mktree.plan.TreeIndex.NONE;
import static io.baton.mktree.plan.TreeIndex.ROOT;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * In which session each process is born, and under which process each session begins.
 *
 * <p>A process that leads no session was born in the one it is in, because only setsid changes a session. A session
 * leader may have been born anywhere, unless it has a child in a session that is neither its own nor begins below it:
 * such a child was forked before the leader's setsid, in the session where the leader was born. That need can in turn
 * fall on the leader's parent, so the tree is swept from its leaves to the root, once.
 *
 * <p>A session that begins below a process can give that process children: as siblings of the session's leader, or as
 * orphans. Where the leader of a session has gone, its ghost goes below the deepest process that needs it so.
 */
final class Births {
    /** Any session will do. */
    static final int FREE = -1;

    private final TreeIndex tree;
    private final Sessions sessions;
    private final int[] birth;
    private final int[] position;
    private final int[] open;
    private final int[] needed;
    private int[] found = new int[16];
    private int foundCount;

    Births(final TreeIndex tree, final Sessions sessions) {
        this.tree = tree;
        this.sessions = sessions;
        birth = new int[tree.size()];
        position = new int[sessions.count()];
        open = new int[sessions.count()];
        needed = new int[sessions.count()];
        Arrays.fill(position, NONE);
        begin();
        for (int i = tree.size() - 1; i >= 0; i--) {
            settleChildren(tree.topDown(i));
        }
    }

    /** The session in which a row is born, or FREE. */
    int of(final int row) {
        return birth[row];
    }

    /** Whether a child must be forked before its parent's setsid. */
    boolean beforeSetsid(final int child) {
        final int parent = tree.parent(child);
        return birth[child] != FREE
                && birth[child] != sessions.of(parent)
                && tree.leadsSession(parent)
                && birth[parent] == birth[child];
    }

    /** Whether the parent can fork the child itself, before or after its setsid. */
    boolean byParent(final int child) {
        return birth[child] == FREE || birth[child] == sessions.of(tree.parent(child)) || beforeSetsid(child);
    }

    /** The row below which a ghost, or a leader that came to its saved parent only later, is made; else NONE. */
    int position(final int session) {
        return position[session];
    }

    private void begin() {
        for (int row = 0; row < tree.size(); row++) {
            birth[row] = tree.leadsSession(row) ? FREE : sessions.of(row);
            if (row != ROOT && birth[row] != FREE && sessions.of(tree.parent(row)) != birth[row]) {
                open[birth[row]]++;
            }
        }
    }

    /** Finds out where the children of one process come from that it cannot fork as it is now. */
    private void settleChildren(final int parent) {
        foundCount = 0;
        for (int nth = 0; nth < tree.childCount(parent); nth++) {
            final int session = birth[tree.child(parent, nth)];
            if (session != FREE && session != sessions.of(parent) && needed[session]++ == 0) {
                addFound(session);
            }
        }
        for (int i = 0; i < foundCount; i++) {
            if (!sessions.needsGhost(found[i])) {
                settleLed(parent, found[i]);
            }
        }
        // A session in which the grandparent is has begun above: it can only be where the parent was born.
        final int above = parent == ROOT ? NONE : sessions.of(tree.parent(parent));
        settleGhosts(parent, session -> session == above);
        settleGhosts(parent, session -> session != above);
        for (int i = 0; i < foundCount; i++) {
            needed[found[i]] = 0;
        }
    }

    private void settleGhosts(final int parent, final IntPredicate which) {
        for (int i = 0; i < foundCount; i++) {
            if (sessions.needsGhost(found[i]) && which.test(found[i])) {
                settleGhost(parent, found[i], needed[found[i]]);
            }
        }
    }

    private void settleLed(final int parent, final int session) {
        final int leader = sessions.leader(session);
        if (leader != NONE && tree.isAncestor(parent, leader)) {
            return;
        }
        if (canBeBornIn(parent, session)) {
            birth[parent] = session;
            return;
        }
        if (leader == NONE || tree.isAncestor(leader, parent) || !tree.isAncestor(tree.parent(leader), parent)) {
            throw new PlanException("no way into the session from this parent: sid=" + sessions.id(session) + " ppid="
                    + tree.pid(parent));
        }
        settleBelow(parent, session);
    }

    private void settleGhost(final int parent, final int session, final int children) {
        final boolean belowIsPossible = position[session] == NONE || tree.isAncestorOrSelf(parent, position[session]);
        final boolean allHere = open[session] == children;
        final boolean below = belowIsPossible && (allHere || position[session] != NONE);
        open[session] -= children;
        if (!below && canBeBornIn(parent, session)) {
            birth[parent] = session;
            if (sessions.of(tree.parent(parent)) != session) {
                open[session]++;
            }
        } else {
            settleBelow(parent, session);
        }
    }

    /** The session begins below that process, or even deeper. */
    private void settleBelow(final int parent, final int session) {
        if (position[session] == NONE) {
            position[session] = parent;
        } else if (!tree.isAncestorOrSelf(parent, position[session])) {
            throw new PlanException("session needed below two processes that are not in line: sid="
                    + sessions.id(session) + " pid=" + tree.pid(parent) + " pid=" + tree.pid(position[session]));
        }
    }

    private boolean canBeBornIn(final int row, final int session) {
        return row != ROOT && tree.leadsSession(row) && (birth[row] == FREE || birth[row] == session);
    }

    private void addFound(final int session) {
        if (foundCount == found.length) {
            found = Arrays.copyOf(found, foundCount * 2);
        }
        found[foundCount++] = session;
    }
}
