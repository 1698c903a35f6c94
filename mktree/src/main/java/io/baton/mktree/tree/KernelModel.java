package io.baton.mktree.tree;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * As much of the kernel as a process tree shows: fork, threads, setsid, setpgid, exit, wait and who adopts orphans. Used
 * to make trees by living them, so that each is one a real system could have come to. The first process is the reaper of
 * last resort, as the init of a pid namespace is, and never exits.
 */
final class KernelModel {
    /** A process. Fields are the kernel's. */
    static final class Proc {
        final int pid;
        int pgid;
        int sid;

        @Nullable
        Proc parent;

        final List<Proc> children = new ArrayList<>();
        final List<Integer> threads = new ArrayList<>();
        int exitStatus = Task.ALIVE;
        boolean subreaper;
        private int place;

        Proc(int pid) {
            this.pid = pid;
            threads.add(pid);
        }

        boolean leaderDead() {
            return exitStatus != Task.ALIVE && threads.size() > 1;
        }

        boolean zombie() {
            return exitStatus != Task.ALIVE && threads.size() == 1;
        }
    }

    private final Proc init;
    private final List<Proc> alive = new ArrayList<>();
    private final Map<Integer, Integer> groupSizes = new HashMap<>();
    private int nextPid;
    private int count = 1;

    KernelModel(int firstPid) {
        nextPid = firstPid;
        init = new Proc(newPid(0));
        init.pgid = init.pid;
        init.sid = init.pid;
        init.subreaper = true;
        live(init);
        groupSizes.put(init.pgid, 1);
    }

    /** The first process. */
    Proc init() {
        return init;
    }

    /** Every process with a living thread, in no particular order. */
    List<Proc> alive() {
        return alive;
    }

    /** Number of processes, zombies included. */
    int count() {
        return count;
    }

    private int newPid(int skip) {
        int pid = Math.addExact(nextPid, skip);
        nextPid = Math.addExact(pid, 1);
        return pid;
    }

    /** A child that inherits group and session; {@code skip} pids stay unused, as other users of the system leave it. */
    Proc fork(Proc parent, int skip) {
        Proc child = new Proc(newPid(skip));
        child.parent = parent;
        child.sid = parent.sid;
        child.pgid = parent.pgid;
        groupSizes.merge(child.pgid, 1, Integer::sum);
        parent.children.add(child);
        live(child);
        count++;
        return child;
    }

    private void live(Proc process) {
        process.place = alive.size();
        alive.add(process);
    }

    void newThread(Proc process) {
        process.threads.add(newPid(0));
    }

    /** Whether it could: a process group with the caller's pid, even one it has left, makes {@code setsid} fail. */
    boolean setsid(Proc process) {
        if (groupSizes.containsKey(process.pid)) {
            return false;
        }
        process.sid = process.pid;
        join(process, process.pid);
        return true;
    }

    /** Whether it could: to its own group, or to one of its session; session leaders stay. */
    boolean setpgid(Proc process, Proc member) {
        boolean own = member == process;
        if (process.sid == process.pid || (!own && process.sid != member.sid)) {
            return false;
        }
        join(process, own ? process.pid : member.pgid);
        return true;
    }

    private void join(Proc process, int group) {
        leave(process);
        process.pgid = group;
        groupSizes.merge(group, 1, Integer::sum);
    }

    private void leave(Proc process) {
        groupSizes.computeIfPresent(process.pgid, (group, size) -> size == 1 ? null : size - 1);
    }

    /** The leader exits alone; with no other thread that is the end of the process. */
    void exitLeader(Proc process, int status) {
        if (process.threads.size() == 1) {
            exit(process, status);
        } else {
            process.exitStatus = status;
        }
    }

    /** All threads exit. The process is a zombie until its parent waits; its children go to the nearest reaper. */
    void exit(Proc process, int status) {
        if (process == init) {
            throw new IllegalArgumentException("init does not exit: pid=" + process.pid);
        }
        process.threads.subList(1, process.threads.size()).clear();
        process.exitStatus = status;
        Proc last = alive.remove(alive.size() - 1);
        if (last != process) {
            last.place = process.place;
            alive.set(process.place, last);
        }
        Proc reaper = reaperOf(process);
        for (Proc child : process.children) {
            child.parent = reaper;
            reaper.children.add(child);
        }
        process.children.clear();
    }

    private Proc reaperOf(Proc process) {
        Proc at = process.parent;
        while (at != null && !at.subreaper) {
            at = at.parent;
        }
        return at == null ? init : at;
    }

    /** The parent collects a zombie's status, after which nothing is left of it but the ids it has lent. */
    void reap(Proc zombie) {
        Proc parent = zombie.parent;
        if (parent == null || !zombie.zombie()) {
            throw new IllegalArgumentException("no zombie child: pid=" + zombie.pid);
        }
        parent.children.remove(zombie);
        leave(zombie);
        count--;
    }

    /** All processes, each before its children, and those in the order of their pids. */
    List<Task> snapshot() {
        List<Task> rows = new ArrayList<>(count);
        List<Proc> stack = new ArrayList<>();
        stack.add(init);
        while (!stack.isEmpty()) {
            Proc process = stack.remove(stack.size() - 1);
            Proc parent = process.parent;
            rows.add(new Task(
                    process.pid,
                    parent == null ? 0 : parent.pid,
                    process.pgid,
                    process.sid,
                    process.threads,
                    "",
                    process.exitStatus,
                    process.leaderDead(),
                    process.subreaper));
            process.children.stream()
                    .sorted((a, b) -> Integer.compare(b.pid, a.pid))
                    .forEach(stack::add);
        }
        return rows;
    }
}
