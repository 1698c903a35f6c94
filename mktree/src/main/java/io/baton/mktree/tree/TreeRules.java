package io.baton.mktree.tree;

import io.baton.mktree.tree.TreeException.Fault;
import java.util.List;
import org.agrona.collections.Int2IntHashMap;

/**
 * Which lists of processes can be: what {@code fork}, {@code setsid}, {@code setpgid} and {@code exit} leave possible.
 * One pass per rule set, each O(1) per row. Sources: {@code credentials(7)}, {@code setsid(2)}, {@code setpgid(2)};
 * kernel {@code exit.c} for who becomes the parent of an orphan.
 */
final class TreeRules {
    private static final int NONE = -1;
    private static final int SIGNAL_MAX = 64;

    private final List<Task> tasks;
    /** Thread id to row. */
    private final Int2IntHashMap rows;
    /** Process group to its session. */
    private final Int2IntHashMap sessionOfGroup;

    private final int[] parents;
    /** Place of each row in a walk from the root, parents first; descendants of a row follow it without a gap. */
    private final int[] order;

    private final int[] subtree;

    TreeRules(List<Task> tasks) {
        this.tasks = tasks;
        int size = tasks.size();
        rows = new Int2IntHashMap(2 * size + 8, 0.6f, NONE);
        sessionOfGroup = new Int2IntHashMap(2 * size + 8, 0.6f, NONE);
        parents = new int[size];
        order = new int[size];
        subtree = new int[size];
    }

    void check() {
        if (tasks.isEmpty()) {
            throw new TreeException(Fault.EMPTY, 0, "rows=0");
        }
        for (int row = 0; row < tasks.size(); row++) {
            checkIds(row, tasks.get(row));
        }
        for (int row = 0; row < tasks.size(); row++) {
            checkParent(row, tasks.get(row));
            checkExit(row, tasks.get(row));
        }
        walk();
        for (int row = 0; row < tasks.size(); row++) {
            checkSession(row, tasks.get(row));
        }
        for (int row = 0; row < tasks.size(); row++) {
            checkGroup(row, tasks.get(row));
        }
    }

    private void checkIds(int row, Task task) {
        if (task.pid() <= 0 || task.pgid() < 0 || task.sid() < 0 || task.ppid() < 0) {
            throw fault(Fault.ID_NOT_POSITIVE, row, "pgid=" + task.pgid() + " sid=" + task.sid());
        }
        if (task.threads().isEmpty() || task.threads().get(0) != task.pid()) {
            throw fault(Fault.LEADER_NOT_FIRST, row, "threads=" + task.threads());
        }
        for (int tid : task.threads()) {
            if (tid <= 0) {
                throw fault(Fault.ID_NOT_POSITIVE, row, "thread=" + tid);
            }
            int other = rows.put(tid, row);
            if (other != NONE) {
                boolean pids = tid == task.pid() && tid == tasks.get(other).pid() && other != row;
                throw fault(
                        pids ? Fault.DUPLICATE_PID : Fault.DUPLICATE_THREAD, row, "thread=" + tid + " row=" + other);
            }
        }
    }

    private void checkParent(int row, Task task) {
        if (row == 0) {
            parents[0] = NONE;
            if (task.ppid() != 0) {
                throw fault(Fault.ROOT_WITH_PARENT, row, "ppid=" + task.ppid());
            }
            return;
        }
        if (task.ppid() == 0) {
            throw fault(Fault.SECOND_ROOT, row, "root=" + tasks.get(0).pid());
        }
        int parent = rows.get(task.ppid());
        if (parent == NONE) {
            throw fault(Fault.PARENT_MISSING, row, "ppid=" + task.ppid());
        }
        if (tasks.get(parent).pid() != task.ppid()) {
            throw fault(
                    Fault.PARENT_IS_THREAD,
                    row,
                    "ppid=" + task.ppid() + " process=" + tasks.get(parent).pid());
        }
        if (parent >= row) {
            throw fault(
                    inCycle(row) ? Fault.CYCLE : Fault.PARENT_AFTER_CHILD,
                    row,
                    "ppid=" + task.ppid() + " row=" + parent);
        }
        if (tasks.get(parent).zombie()) {
            throw fault(Fault.ZOMBIE_WITH_CHILD, row, "ppid=" + task.ppid());
        }
        parents[row] = parent;
    }

    private boolean inCycle(int row) {
        int at = row;
        for (int steps = 0; steps <= tasks.size(); steps++) {
            at = rows.get(tasks.get(at).ppid());
            if (at == NONE || at == row) {
                return at == row;
            }
        }
        return false;
    }

    private static void checkExit(int row, Task task) {
        int status = task.exitStatus();
        if (task.leaderDead() && (status == Task.ALIVE || task.threads().size() == 1)) {
            throw fault(task, Fault.DEAD_LEADER_ALONE, row, "threads=" + task.threads() + " status=" + status);
        }
        if (task.zombie() && task.threads().size() > 1) {
            throw fault(task, Fault.ZOMBIE_WITH_THREADS, row, "threads=" + task.threads());
        }
        if (status != Task.ALIVE && !isExitStatus(status)) {
            throw fault(task, Fault.EXIT_STATUS, row, "status=0x" + Integer.toHexString(status));
        }
    }

    /** An exit code in the second byte, or a signal in the first, whose top bit tells of a core dump. */
    static boolean isExitStatus(int status) {
        int signal = status & 0x7f;
        return signal == 0 ? (status & ~0xff00) == 0 : status >>> 8 == 0 && signal <= SIGNAL_MAX;
    }

    /** Numbers the rows so that "is a descendant of" is one comparison. */
    private void walk() {
        int[] next = new int[tasks.size()];
        for (int row = tasks.size() - 1; row >= 0; row--) {
            subtree[row]++;
            if (row > 0) {
                subtree[parents[row]] += subtree[row];
            }
        }
        next[0] = 1;
        for (int row = 1; row < tasks.size(); row++) {
            order[row] = next[parents[row]];
            next[parents[row]] += subtree[row];
            next[row] = order[row] + 1;
        }
    }

    /** Whether {@code below} is {@code above} or descends from it. */
    private boolean descends(int below, int above) {
        return order[below] >= order[above] && order[below] < order[above] + subtree[above];
    }

    private void checkSession(int row, Task task) {
        if (task.sid() == 0) {
            checkOutside(row, tasks.get(0).sid());
            return;
        }
        if (task.sessionLeader()) {
            if (!task.groupLeader()) {
                throw fault(Fault.SESSION_LEADER_IN_OTHER_GROUP, row, "pgid=" + task.pgid());
            }
            sessionOfGroup.put(task.pid(), task.sid());
            return;
        }
        // Whoever made the session is the leader of group and session for good, so its number is no other group's.
        sessionOfGroup.put(task.sid(), task.sid());
        int leader = leaderRow(row, task.sid());
        if (leader == NONE) {
            return;
        }
        if (!tasks.get(leader).sessionLeader()) {
            throw fault(
                    Fault.SESSION_LEADER_IN_OTHER_SESSION,
                    row,
                    "sid=" + task.sid() + " leader's=" + tasks.get(leader).sid());
        }
        // Sessions are inherited by fork alone, and orphans are adopted upwards alone: who is above the leader was
        // never
        // below it. Anyone else may have been: its parents may have died and it, or one above it, have been adopted.
        if (descends(leader, row)) {
            throw fault(Fault.SESSION_OF_DESCENDANT, row, "sid=" + task.sid());
        }
    }

    private void checkGroup(int row, Task task) {
        if (task.pgid() == 0) {
            checkOutside(row, tasks.get(0).pgid());
            return;
        }
        int leader = leaderRow(row, task.pgid());
        int session = sessionOfGroup.get(task.pgid());
        if (session == NONE) {
            session = leader == NONE ? task.sid() : tasks.get(leader).sid();
            sessionOfGroup.put(task.pgid(), session);
        }
        if (session != task.sid()) {
            throw fault(
                    Fault.GROUP_IN_TWO_SESSIONS,
                    row,
                    "pgid=" + task.pgid() + " sid=" + task.sid() + " other=" + session);
        }
    }

    private void checkOutside(int row, int ofRoot) {
        if (ofRoot != 0) {
            throw fault(Fault.OUTSIDE, row, "the root's is " + ofRoot);
        }
    }

    /** Row of the process whose pid a session or group has as its id, or NONE. */
    private int leaderRow(int row, int id) {
        int leader = rows.get(id);
        if (leader != NONE && tasks.get(leader).pid() != id) {
            throw fault(
                    Fault.ID_IS_THREAD,
                    row,
                    "id=" + id + " process=" + tasks.get(leader).pid());
        }
        return leader;
    }

    private TreeException fault(Fault fault, int row, String values) {
        return fault(tasks.get(row), fault, row, values);
    }

    private static TreeException fault(Task task, Fault fault, int row, String values) {
        return new TreeException(fault, row, "pid=" + task.pid() + " " + values);
    }
}
