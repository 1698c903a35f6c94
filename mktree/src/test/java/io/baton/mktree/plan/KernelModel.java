package io.baton.mktree.plan;

import io.baton.mktree.tree.Task;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What Linux does with processes, sessions and groups, as far as the making of trees depends on it: kernel/fork.c,
 * kernel/exit.c and kernel/sys.c of 6.18. A call that the kernel would refuse throws.
 */
final class KernelModel {
    static final int SIGCHLD = 17;

    /** A process; its threads only as ids. */
    static final class Proc {
        final int pid;
        Proc parent;
        int pgid;
        int sid;
        int exitSignal;
        boolean zombie;
        boolean leaderDead;
        boolean subreaper;
        boolean diesWithParent;
        boolean killed;
        int pendingSigchld;
        final Set<Integer> threads = new LinkedHashSet<>();
        final Set<Proc> children = new LinkedHashSet<>();

        Proc(final int pid, final @Nullable Proc parent) {
            this.pid = pid;
            this.parent = parent == null ? this : parent;
        }

        @Override
        public String toString() {
            return "pid=" + pid + " ppid=" + parent.pid + " pgid=" + pgid + " sid=" + sid + " threads=" + threads
                    + (zombie ? " zombie" : "") + (leaderDead ? " leader dead" : "");
        }
    }

    /** A call that failed. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        Refused(final String message) {
            super(message);
        }
    }

    private final Map<Integer, Proc> processes = new LinkedHashMap<>();
    private final Map<Integer, Integer> numbersInUse = new HashMap<>();
    private final Map<Integer, Integer> groupMembers = new HashMap<>();
    private final Proc init;

    KernelModel(final int initPid) {
        init = new Proc(initPid, null);
        init.sid = initPid;
        init.pgid = initPid;
        processes.put(initPid, init);
        use(initPid, 3);
        groupMembers.merge(initPid, 1, Integer::sum);
    }

    Proc init() {
        return init;
    }

    Collection<Proc> processes() {
        return processes.values();
    }

    @Nullable
    Proc find(final int pid) {
        return processes.get(pid);
    }

    boolean isFree(final int number) {
        return !numbersInUse.containsKey(number);
    }

    /** For the outside only: puts a process into a session and group out of nothing. */
    void place(final Proc process, final int pgid, final int sid) {
        setGroup(process, pgid);
        setSession(process, sid);
    }

    Proc fork(final Proc maker, final int pid, final boolean sibling, final int exitSignal) {
        requireAlive(maker, "clone3");
        refuseIf(!isFree(pid), "clone3: EEXIST pid=" + pid);
        refuseIf(sibling && exitSignal != 0, "clone3: EINVAL exit_signal with CLONE_PARENT");
        refuseIf(sibling && maker == init, "clone3: EINVAL CLONE_PARENT by init");
        final Proc child = new Proc(pid, sibling ? maker.parent : maker);
        child.exitSignal = sibling ? maker.exitSignal : exitSignal;
        child.sid = maker.sid;
        child.pgid = maker.pgid;
        use(pid, 1);
        use(child.sid, 1);
        use(child.pgid, 1);
        groupMembers.merge(child.pgid, 1, Integer::sum);
        child.parent.children.add(child);
        processes.put(pid, child);
        return child;
    }

    void startThread(final Proc process, final int tid) {
        requireAlive(process, "clone3");
        refuseIf(!isFree(tid), "clone3: EEXIST tid=" + tid);
        use(tid, 1);
        process.threads.add(tid);
    }

    void setsid(final Proc process) {
        requireAlive(process, "setsid");
        refuseIf(groupMembers.getOrDefault(process.pid, 0) > 0, "setsid: EPERM group exists " + process);
        setGroup(process, process.pid);
        setSession(process, process.pid);
    }

    void setpgid(final Proc process, final int pgid) {
        requireAlive(process, "setpgid");
        refuseIf(process.sid == process.pid, "setpgid: EPERM session leader " + process);
        if (pgid != process.pid) {
            final boolean exists = processes.values().stream().anyMatch(p -> p.pgid == pgid && p.sid == process.sid);
            refuseIf(!exists, "setpgid: EPERM no such group in session: pgid=" + pgid + " " + process);
        }
        setGroup(process, pgid);
    }

    /** The leader exits, other threads live on; the children's parent is then another thread of the same process. */
    void exitLeader(final Proc process) {
        requireAlive(process, "exit");
        refuseIf(process.threads.isEmpty(), "exit of the only thread " + process);
        process.leaderDead = true;
        fireDeathSignals(process);
    }

    void exitThread(final Proc process, final int tid) {
        process.threads.remove(tid);
        release(tid, 1);
    }

    void exit(final Proc process) {
        refuseIf(process.zombie, "exit of a zombie " + process);
        refuseIf(process == init, "exit of init");
        for (final int tid : process.threads) {
            release(tid, 1);
        }
        process.threads.clear();
        process.zombie = true;
        process.leaderDead = false;
        for (final Proc child : List.copyOf(process.children)) {
            final Proc reaper = reaperOf(process);
            process.children.remove(child);
            child.parent = reaper;
            child.exitSignal = SIGCHLD;
            reaper.children.add(child);
            if (child.zombie) {
                reaper.pendingSigchld++;
            }
            fireDeathSignal(child);
        }
        if (process.exitSignal == SIGCHLD) {
            process.parent.pendingSigchld++;
        }
    }

    /** Returns whether there was such a zombie; false if the caller must wait. */
    boolean reap(final Proc parent, final int pid) {
        final Proc child = processes.get(pid);
        if (child == null || child.parent != parent) {
            throw new Refused("wait4: ECHILD pid=" + pid + " " + parent);
        }
        if (!child.zombie) {
            return false;
        }
        refuseIf(!child.children.isEmpty(), "zombie with children " + child);
        parent.children.remove(child);
        processes.remove(pid);
        release(pid, 1);
        release(child.sid, 1);
        release(child.pgid, 1);
        leaveGroup(child.pgid);
        return true;
    }

    /** A process as a row of a tree. */
    Task describe(final Proc process, final int ppid) {
        final List<Integer> threads = new ArrayList<>(List.of(process.pid));
        threads.addAll(process.threads);
        final int status = process.zombie || process.leaderDead ? 0 : Task.ALIVE;
        return new Task(process.pid, ppid, process.pgid, process.sid, threads, "", status, process.leaderDead, false);
    }

    private Proc reaperOf(final Proc dying) {
        for (Proc p = dying.parent; p != init; p = p.parent) {
            if (p.subreaper && !p.zombie) {
                return p;
            }
        }
        return init;
    }

    private static void fireDeathSignals(final Proc parent) {
        parent.children.forEach(KernelModel::fireDeathSignal);
    }

    private static void fireDeathSignal(final Proc child) {
        child.killed |= child.diesWithParent && !child.zombie;
    }

    private void setGroup(final Proc process, final int pgid) {
        use(pgid, 1);
        groupMembers.merge(pgid, 1, Integer::sum);
        leaveGroup(process.pgid);
        release(process.pgid, 1);
        process.pgid = pgid;
    }

    private void setSession(final Proc process, final int sid) {
        use(sid, 1);
        release(process.sid, 1);
        process.sid = sid;
    }

    private void leaveGroup(final int pgid) {
        groupMembers.computeIfPresent(pgid, (id, members) -> members == 1 ? null : members - 1);
    }

    private void use(final int number, final int times) {
        numbersInUse.merge(number, times, Integer::sum);
    }

    private void release(final int number, final int times) {
        numbersInUse.computeIfPresent(number, (id, uses) -> uses == times ? null : uses - times);
    }

    private static void requireAlive(final Proc process, final String call) {
        refuseIf(process.zombie, call + " by a zombie " + process);
        refuseIf(process.killed, call + " by a killed task " + process);
    }

    private static void refuseIf(final boolean condition, final String message) {
        if (condition) {
            throw new Refused(message);
        }
    }
}
