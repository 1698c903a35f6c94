package io.baton.coordinator.bench;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import io.baton.mktree.tree.TreeException;
import io.baton.mktree.tree.TreeFromSystem;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.VanishedException;
import io.baton.task.linux.Wait;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A tree that we have started: its pids, which are the same after each restore. Its root is our child, as are its orphans. */
final class KnownTree {
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);
    private static final int MOST_ROUNDS = 1000;

    private final int root;
    private final List<Integer> pids = new ArrayList<>();
    private final int tasks;

    /** The tree as it is now. */
    KnownTree(int root) {
        this.root = root;
        ProcessTree tree = read(root);
        int count = 0;
        for (Task task : tree) {
            pids.add(task.pid());
            count += Math.max(1, task.threads().size());
        }
        tasks = count;
    }

    /** Pid of its root. */
    int root() {
        return root;
    }

    int processes() {
        return pids.size();
    }

    int tasks() {
        return tasks;
    }

    /** Whether all of it is there, and ours. */
    void check(String after) {
        int found = isOurs() ? read(root).size() : 0;
        if (found != pids.size()) {
            throw new BatonException(
                    ErrorCode.BENCH_FAILED,
                    "after " + after + " there are " + found + " processes of " + pids.size(),
                    "a restore command must return when the tree runs, and leave it: for CRIU, restore -d");
        }
    }

    private boolean isOurs() {
        try (ProcFs proc = new ProcFs()) {
            return proc.stat(root).parent() == Identity.pid();
        } catch (VanishedException e) {
            return false;
        }
    }

    /** Kills what there is of it, if it is ours, and waits until it is gone. */
    void kill() {
        if (isOurs()) {
            for (Task task : read(root)) {
                Signals.kill(task.pid(), Signals.SIGKILL);
            }
        }
        awaitGone();
    }

    /** Waits until none of its processes is there, and reaps those that became our children. */
    void awaitGone() {
        List<Integer> left = new ArrayList<>(pids);
        long until = System.nanoTime() + PATIENCE;
        while (true) {
            left.removeIf(pid -> reap(pid) || !Signals.kill(pid, 0));
            if (left.isEmpty()) {
                return;
            }
            if (System.nanoTime() - until > 0) {
                throw new BatonException(ErrorCode.BENCH_FAILED, "processes of the tree do not go away: " + left, "");
            }
            LockSupport.parkNanos(PAUSE);
        }
    }

    /** Memory of all processes, each page divided by who maps it: bytes. */
    long proportionalBytes() {
        long sum = 0;
        for (int pid : pids) {
            try {
                for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/smaps_rollup"))) {
                    if (line.startsWith("Pss:")) {
                        sum += Long.parseLong(line.replaceAll("\\D", "")) * 1024;
                    }
                }
            } catch (IOException e) {
                // A zombie has none.
            }
        }
        return sum;
    }

    /** Whether it was our dead child. */
    static boolean reap(int pid) {
        try {
            return Wait.wait4(pid, Wait.WNOHANG | Wait.WALL).isDead();
        } catch (LinuxException e) {
            if (e.errno() == Errno.ECHILD) {
                return false;
            }
            throw e;
        }
    }

    /** Read until it holds still for a moment. */
    private static ProcessTree read(int root) {
        TreeException last = null;
        for (int i = 0; i < MOST_ROUNDS; i++) {
            try {
                return TreeFromSystem.read(root);
            } catch (TreeException e) {
                last = e;
                LockSupport.parkNanos(PAUSE);
            }
        }
        throw new IllegalStateException("the tree does not hold still: root=" + root, last);
    }
}
