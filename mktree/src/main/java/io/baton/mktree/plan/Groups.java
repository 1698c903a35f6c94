package io.baton.mktree.plan;

import static io.baton.mktree.plan.TreeIndex.NONE;
import static io.baton.mktree.plan.TreeIndex.ROOT;

import io.baton.mktree.tree.Task;
import org.agrona.collections.Int2IntHashMap;

/**
 * Process groups. Each lies in one session, and is begun by the process whose pid it has: by a ghost if that has gone;
 * and if it has moved to another group since, it leaves a placeholder behind that keeps the group alive until the
 * members have joined. Groups outside the tree, the root's and that of the leader of the root's session, are taken for
 * the group of whoever restores.
 */
final class Groups {
    private final TreeIndex tree;
    private final Sessions sessions;
    private final boolean outerSession;

    Groups(final TreeIndex tree, final Sessions sessions) {
        this.tree = tree;
        this.sessions = sessions;
        outerSession = !tree.leadsSession(ROOT);
    }

    /** The group in which a row ends, or OUTER. */
    int of(final int row) {
        final int pgid = tree.row(row).pgid();
        return isOuter(pgid) ? Step.JoinGroup.OUTER : pgid;
    }

    /** Lets someone begin every group. */
    void makeLeaders(final Makers makers, final Drafts drafts) {
        final Int2IntHashMap sessionOfGroup = new Int2IntHashMap(tree.size(), 0.6f, NONE);
        for (int row = 0; row < tree.size(); row++) {
            final int pgid = tree.row(row).pgid();
            final int session = sessions.of(row);
            if (tree.leadsSession(row) && !tree.leadsGroup(row)) {
                throw new PlanException("session leader in another's group: pid=" + tree.pid(row) + " pgid=" + pgid);
            }
            final int known = sessionOfGroup.get(pgid);
            if (known == NONE) {
                sessionOfGroup.put(pgid, session);
                makeLeader(pgid, session, makers, drafts);
            } else if (known != session) {
                throw new PlanException("group in two sessions: pgid=" + pgid + " sid=" + sessions.id(known) + " sid="
                        + sessions.id(session));
            }
        }
    }

    private void makeLeader(final int pgid, final int session, final Makers makers, final Drafts drafts) {
        final int row = tree.rowOf(pgid);
        if (isOuter(pgid)) {
            requireSession(sessions.isOuter(session), pgid, session);
        } else if (row != NONE) {
            requireSession(sessions.of(row) == session, pgid, session);
            leadByProcess(row, drafts);
        } else if (sessions.id(session) == pgid) {
            requireSession(sessions.needsGhost(session), pgid, session);
        } else {
            final Draft ghost = drafts.ghost(pgid);
            final Draft maker = makers.leader(session);
            ghost.leadsGroup = true;
            maker.makesAfter(ghost);
            maker.reaps.add(ghost);
        }
    }

    private void leadByProcess(final int row, final Drafts drafts) {
        if (tree.leadsSession(row)) {
            return;
        }
        final Draft leader = drafts.of(row);
        leader.leadsGroup = true;
        if (!tree.leadsGroup(row)) {
            final Draft pin = drafts.placeholder();
            pin.maker = leader;
            leader.pin = pin;
            leader.reaps.add(pin);
        }
    }

    private boolean isOuter(final int pgid) {
        final Task root = tree.row(ROOT);
        return outerSession && (pgid == root.pgid() || pgid == root.sid()) && tree.rowOf(pgid) == NONE;
    }

    private void requireSession(final boolean fits, final int pgid, final int session) {
        if (!fits) {
            throw new PlanException(
                    "group outside its leader's session: pgid=" + pgid + " member's sid=" + sessions.id(session));
        }
    }
}
