package io.baton.mktree.tree;

import io.baton.task.linux.WaitStatus;
import java.util.List;

/**
 * One row of a process tree: a process, which is a thread group. Its pid is its thread group id.
 *
 * @param pid        of the group leader
 * @param ppid       of the parent process; 0 for the root, whatever its parent may be
 * @param pgid       process group; 0 if that is outside of the pid namespace
 * @param sid        session; 0 if that is outside of the pid namespace
 * @param threads    ids of all its threads, the leader's first
 * @param comm       name of the leader, empty if not known
 * @param exitStatus 16-bit wait status of a leader that has exited, {@link #ALIVE} of one that has not
 * @param leaderDead whether the leader has exited while other threads live on; a zombie it is only without them
 * @param subreaper  whether orphans below it become its children ({@code PR_SET_CHILD_SUBREAPER})
 */
public record Task(
        int pid,
        int ppid,
        int pgid,
        int sid,
        List<Integer> threads,
        String comm,
        int exitStatus,
        boolean leaderDead,
        boolean subreaper) {
    /** Exit status of a leader that has none yet. */
    public static final int ALIVE = -1;

    /** A process as read from somewhere. */
    public Task {
        threads = List.copyOf(threads);
    }

    /** A living process of one thread. */
    public static Task of(int pid, int ppid, int pgid, int sid) {
        return new Task(pid, ppid, pgid, sid, List.of(pid), "", ALIVE, false, false);
    }

    /** The same with other threads. */
    public Task withThreads(List<Integer> ids) {
        return new Task(pid, ppid, pgid, sid, ids, comm, exitStatus, leaderDead, subreaper);
    }

    /** The same with another name. */
    public Task withComm(String name) {
        return new Task(pid, ppid, pgid, sid, threads, name, exitStatus, leaderDead, subreaper);
    }

    /** The same as a subreaper, or not as one. */
    public Task withSubreaper(boolean is) {
        return new Task(pid, ppid, pgid, sid, threads, comm, exitStatus, leaderDead, is);
    }

    /** The same as a zombie with that wait status. */
    public Task asZombie(int status) {
        return new Task(pid, ppid, pgid, sid, List.of(pid), comm, status, false, subreaper);
    }

    /** The same with a leader that has exited with that wait status while the other threads live on. */
    public Task withDeadLeader(int status) {
        return new Task(pid, ppid, pgid, sid, threads, comm, status, true, subreaper);
    }

    /** Whether all of it has exited and only the status is left for the parent to collect. */
    public boolean zombie() {
        return exitStatus != ALIVE && !leaderDead;
    }

    /** Whether it has made the session it is in. */
    public boolean sessionLeader() {
        return sid == pid;
    }

    /** Whether it has made the process group it is in. */
    public boolean groupLeader() {
        return pgid == pid;
    }

    /** The exit status in words of {@code wait(2)}; only of a leader that has exited. */
    public WaitStatus waitStatus() {
        if (exitStatus == ALIVE) {
            throw new IllegalStateException("has not exited: pid=" + pid);
        }
        return new WaitStatus(pid, exitStatus);
    }
}
