package io.baton.mktree.plan;

import static io.baton.mktree.plan.TreeIndex.NONE;
import static io.baton.mktree.plan.TreeIndex.ROOT;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Chooses who makes each process, the first that fits:
 *
 * <ul>
 *   <li>its parent, before or after the parent's setsid, if the parent is then in the session where the child is born;
 *   <li>the leader of that session (a process or a ghost), as its sibling, if they are to have the same parent;
 *   <li>else a placeholder below that leader, which then dies, so that the orphan comes to its parent.
 * </ul>
 *
 * <p>A session leader whose session must begin below another process than its saved parent is itself an orphan.
 */
final class Makers {
    /** A placeholder to die, and the row to which its orphans are to come. */
    record Release(Draft placeholder, int target) {}

    private final TreeIndex tree;
    private final Sessions sessions;
    private final Births births;
    private final Drafts drafts;
    private final @Nullable Draft[] leaders;
    private final Map<Long, Draft> placeholders = new HashMap<>();
    private final List<Release> releases = new ArrayList<>();
    private boolean oneByOne;

    Makers(final TreeIndex tree, final Sessions sessions, final Births births, final Drafts drafts) {
        this.tree = tree;
        this.sessions = sessions;
        this.births = births;
        this.drafts = drafts;
        leaders = new Draft[sessions.count()];
        findLeaders();
        for (int row = 1; row < tree.size(); row++) {
            makeRow(row);
        }
    }

    List<Release> releases() {
        return releases;
    }

    /** Whether a release must not overlap with another, because a leader is moved too. */
    boolean oneByOne() {
        return oneByOne;
    }

    /** Who can make further processes of a session; in the outer one that is the root. */
    Draft leader(final int session) {
        final Draft leader = leaders[session];
        return leader == null ? drafts.of(ROOT) : leader;
    }

    private void findLeaders() {
        for (int session = 0; session < sessions.count(); session++) {
            if (sessions.leader(session) != NONE) {
                leaders[session] = drafts.of(sessions.leader(session));
            } else if (sessions.needsGhost(session)) {
                final Draft ghost = drafts.ghost(sessions.id(session));
                final Draft parent = drafts.of(births.position(session));
                parent.makesAfter(ghost);
                parent.reaps.add(ghost);
                leaders[session] = ghost;
            } else {
                continue;
            }
            leader(session).startsSession = true;
        }
    }

    private void makeRow(final int row) {
        final Draft child = drafts.of(row);
        if (tree.leadsSession(row) && births.position(sessions.of(row)) != NONE) {
            makeElsewhere(row, births.position(sessions.of(row)));
        } else if (births.beforeSetsid(row)) {
            drafts.of(tree.parent(row)).makesBefore(child);
        } else if (births.byParent(row)) {
            drafts.of(tree.parent(row)).makesAfter(child);
        } else {
            makeByLeader(child, births.of(row), tree.parent(row));
        }
    }

    private void makeByLeader(final Draft child, final int session, final int parent) {
        final Draft leader = leaders[session];
        if (leader == null) {
            throw new PlanException("no way into the outer session: pid=" + child.pid);
        }
        if (parent == savedParent(session)) {
            leader.makesSibling(child);
            return;
        }
        final long key = ((long) session << 32) | parent;
        Draft placeholder = placeholders.get(key);
        if (placeholder == null) {
            placeholder = drafts.placeholder();
            placeholders.put(key, placeholder);
            leader.makesAfter(placeholder);
            releases.add(new Release(placeholder, parent));
        }
        placeholder.makesAfter(child);
    }

    /** The leader is made below `position`, by a placeholder, and moves up to its saved parent. */
    private void makeElsewhere(final int row, final int position) {
        final Draft placeholder = drafts.placeholder();
        final Draft maker = drafts.of(position);
        final int birth = births.of(row);
        if (birth == Births.FREE || birth == sessions.of(position)) {
            maker.makesAfter(placeholder);
        } else if (tree.leadsSession(position) && births.of(position) == birth) {
            maker.makesBefore(placeholder);
        } else {
            throw new PlanException("session leader needed in another session and below another process: pid="
                    + tree.pid(row) + " sid=" + sessions.id(birth) + " below=" + tree.pid(position));
        }
        placeholder.makesAfter(drafts.of(row));
        releases.add(new Release(placeholder, tree.parent(row)));
        oneByOne = true;
    }

    private int savedParent(final int session) {
        final int leader = sessions.leader(session);
        return leader == NONE ? births.position(session) : tree.parent(leader);
    }
}
