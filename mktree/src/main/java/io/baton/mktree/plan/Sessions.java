package io.baton.mktree.plan;

import static io.baton.mktree.plan.TreeIndex.NONE;
import static io.baton.mktree.plan.TreeIndex.ROOT;

import io.baton.mktree.tree.Task;
import java.util.Arrays;
import org.agrona.collections.Int2IntHashMap;

/**
 * The tree's sessions, numbered from 0. A session's leader is a process of the tree, or has gone and needs a ghost in
 * its stead; the one session that the root shares with whoever restores is the outer one, and needs none.
 */
final class Sessions {
    private final int[] ofRow;
    private int[] ids = new int[16];
    private int[] leaders = new int[16];
    private int count;
    private final int outer;

    Sessions(final TreeIndex tree) {
        ofRow = new int[tree.size()];
        final Int2IntHashMap byId = new Int2IntHashMap(NONE);
        for (int row = 0; row < tree.size(); row++) {
            final Task process = tree.row(row);
            int session = byId.get(process.sid());
            if (session == NONE) {
                session = add(process.sid(), leader(tree, process));
                byId.put(process.sid(), session);
            }
            ofRow[row] = session;
        }
        outer = tree.leadsSession(ROOT) ? NONE : ofRow[ROOT];
        if (outer != NONE && leaders[outer] != NONE) {
            throw new PlanException("root in a session that a descendant leads: sid=" + ids[outer]);
        }
    }

    int count() {
        return count;
    }

    /** The session in which a row ends. */
    int of(final int row) {
        return ofRow[row];
    }

    int id(final int session) {
        return ids[session];
    }

    /** Row of the leader, or NONE. */
    int leader(final int session) {
        return leaders[session];
    }

    boolean isOuter(final int session) {
        return session == outer;
    }

    /** Whether a ghost must lead it. */
    boolean needsGhost(final int session) {
        return leaders[session] == NONE && session != outer;
    }

    private static int leader(final TreeIndex tree, final Task member) {
        final int leader = tree.rowOf(member.sid());
        if (leader != NONE && !tree.leadsSession(leader)) {
            throw new PlanException("session whose leader is in another: sid=" + member.sid() + " its own sid="
                    + tree.row(leader).sid());
        }
        return leader;
    }

    private int add(final int id, final int leader) {
        if (count == ids.length) {
            ids = Arrays.copyOf(ids, count * 2);
            leaders = Arrays.copyOf(leaders, count * 2);
        }
        ids[count] = id;
        leaders[count] = leader;
        return count++;
    }
}
