package io.baton.coordinator.robust;

import io.baton.task.linux.Errno;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.VanishedException;
import io.baton.task.linux.Wait;
import io.baton.task.linux.WaitStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** All processes below ours. As we are a subreaper, none of them can get away. */
final class Descendants {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long PAUSE_NANOS = 100_000;

    private Descendants() {}

    /** Zombies too, parents before children. */
    static List<Integer> list() {
        final List<Integer> found = new ArrayList<>();
        try (ProcFs proc = new ProcFs()) {
            addChildren(proc, Identity.pid(), found);
            for (int i = 0; i < found.size(); i++) {
                addChildren(proc, found.get(i), found);
            }
        }
        return found;
    }

    /** Zombies too. */
    static List<Integer> childrenOf(final int pid) {
        final List<Integer> found = new ArrayList<>();
        try (ProcFs proc = new ProcFs()) {
            addChildren(proc, pid, found);
        }
        return found;
    }

    private static void addChildren(final ProcFs proc, final int pid, final List<Integer> found) {
        try {
            for (final int thread : proc.threads(pid)) {
                for (final int child : proc.children(pid, thread)) {
                    found.add(child);
                }
            }
        } catch (final VanishedException e) {
            // Its children are ours now; the next look finds them.
        }
    }

    /** Whether we have no child, not even a zombie: then there are no descendants either. */
    static boolean isNone() {
        try {
            Wait.waitId(Wait.P_ALL, 0, Wait.WEXITED | Wait.WNOHANG | Wait.WNOWAIT | Wait.WALL);
            return false;
        } catch (final LinuxException e) {
            if (e.errno() == Errno.ECHILD) {
                return true;
            }
            throw e;
        }
    }

    /** Kills and reaps all. */
    static void end() {
        final long until = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            list().forEach(pid -> Signals.kill(pid, Signals.SIGKILL));
            try {
                WaitStatus status = Wait.wait4(-1, Wait.WNOHANG | Wait.WALL);
                while (!status.isNone()) {
                    status = Wait.wait4(-1, Wait.WNOHANG | Wait.WALL);
                }
            } catch (final LinuxException e) {
                if (e.errno() == Errno.ECHILD) {
                    return;
                }
                throw e;
            }
            if (System.nanoTime() - until > 0) {
                throw new AssertionError("cannot be killed: pids=" + list());
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
