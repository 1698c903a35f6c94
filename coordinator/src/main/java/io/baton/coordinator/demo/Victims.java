package io.baton.coordinator.demo;

import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import io.baton.mktree.tree.TreeException;
import io.baton.mktree.tree.TreeFromSystem;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Spawner;
import io.baton.task.linux.Wait;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * The processes of the demo. While it is open, this process is the reaper of all that descend from it, so that none
 * can get out of sight; whatever is left at the end is killed, and nothing else.
 */
final class Victims implements AutoCloseable {
    private static final long PAUSE_NANOS = Duration.ofMillis(5).toNanos();
    private static final int MOST_ROUNDS = 400;

    private final boolean wasReaper;

    Victims() {
        wasReaper = Prctl.isChildSubreaper();
        Prctl.setChildSubreaper(true);
    }

    /** Starts a shell script in a session of its own, in that directory; returns its pid. */
    static int start(final String shell, final Path directory, final String script) {
        try (Fd none = Files.open("/dev/null", Files.O_RDWR | Files.O_CLOEXEC);
                Fd log = Files.open(
                        directory.resolve("log").toString(),
                        Files.O_WRONLY | Files.O_CREAT | Files.O_APPEND | Files.O_CLOEXEC,
                        0600)) {
            return new Spawner(shell, shell, "-c", "cd '" + directory + "' && exec " + shell + " " + script)
                    .inheritEnvironment()
                    .dup(none.number(), 0)
                    .dup(log.number(), 1)
                    .dup(log.number(), 2)
                    .closeFrom(3)
                    .newSession()
                    .spawn();
        }
    }

    /** The tree below a process, read until it holds still for a moment. */
    static ProcessTree tree(final int root) {
        TreeException last = null;
        for (int i = 0; i < MOST_ROUNDS; i++) {
            try {
                return TreeFromSystem.read(root);
            } catch (final TreeException e) {
                last = e;
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        throw new IllegalStateException("the tree does not hold still: root=" + root, last);
    }

    /** Reaps all that have died; returns how many there were. */
    static int reap() {
        int count = 0;
        try {
            while (!Wait.wait4(-1, Wait.WNOHANG | Wait.WALL).isNone()) {
                count++;
            }
        } catch (final LinuxException e) {
            if (e.errno() != Errno.ECHILD) {
                throw e;
            }
        }
        return count;
    }

    /** Waits until none of these processes is there any more, not even as a zombie; whether that came about. */
    static boolean awaitGone(final ProcessTree tree) {
        for (int i = 0; i < MOST_ROUNDS; i++) {
            reap();
            if (tree.tasks().stream().noneMatch(task -> exists(task.pid()))) {
                return true;
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return false;
    }

    static boolean exists(final int pid) {
        return java.nio.file.Files.exists(Path.of("/proc", Integer.toString(pid)));
    }

    /** Kills everything that descends from this process, until nothing is left; new ones may be born meanwhile. */
    @Override
    public void close() {
        for (int i = 0; i < MOST_ROUNDS; i++) {
            final ProcessTree own = tree(Identity.pid());
            if (own.size() == 1) {
                break;
            }
            for (final Task task : own) {
                if (task.pid() != Identity.pid()) {
                    Signals.kill(task.pid(), Signals.SIGKILL);
                }
            }
            LockSupport.parkNanos(PAUSE_NANOS);
            reap();
        }
        Prctl.setChildSubreaper(wasReaper);
    }
}
