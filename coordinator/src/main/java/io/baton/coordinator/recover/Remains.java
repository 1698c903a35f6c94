package io.baton.coordinator.recover;

import io.baton.coordinator.journal.Story;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PidFd;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.Signals;
import io.baton.task.linux.VanishedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The processes of a restore that did not end. One is provably of it when its pid is recorded and it maps the restore's
 * segment, a memory file that nobody else can open: before the gate all tasks do, after it none. A process has to be both.
 */
final class Remains {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long PAUSE_NANOS = 1_000_000;

    private final Story.Segment segment;
    private final Set<Integer> recorded = new TreeSet<>();

    Remains(final Story story, final Story.Segment segment) {
        this.segment = segment;
        story.tasks().forEach(task -> recorded.add(task.pid()));
        recorded.add(segment.helper());
    }

    /** Their pids, as we see them. */
    List<Integer> find() {
        final List<Integer> found = new ArrayList<>();
        try (ProcFs proc = new ProcFs()) {
            for (final int pid : proc.processes()) {
                if (isOurs(proc, pid)) {
                    found.add(pid);
                }
            }
        }
        return found;
    }

    private boolean isOurs(final ProcFs proc, final int pid) {
        try {
            return isRecorded(proc, pid) && mapsSegment(proc, pid);
        } catch (final VanishedException e) {
            return false;
        } catch (final LinuxException e) {
            return false; // another user's, whom we may not look at
        }
    }

    /** In a pid namespace of its own a task has the recorded pid there. */
    private boolean isRecorded(final ProcFs proc, final int pid) {
        if (recorded.contains(pid)) {
            return true;
        }
        final List<Integer> names = proc.status(pid).namespaced().tgid();
        return recorded.contains(names.get(names.size() - 1));
    }

    /** A leader that has exited has no memory any more, but its threads have. */
    private boolean mapsSegment(final ProcFs proc, final int pid) {
        for (final int tid : proc.threads(pid)) {
            for (final ProcMap map : proc.maps(tid)) {
                if (map.inode() == segment.inode() && map.device() == segment.device()) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Ends one, unless it is no longer what it was; waits until it is gone. Null, or why it could not be done. */
    @Nullable
    String kill(final int pid) {
        try (PidFd handle = PidFd.open(pid);
                ProcFs proc = new ProcFs()) {
            // Looked at again with the handle in hand: from here on the pid cannot become another's unnoticed.
            if (!isOurs(proc, pid)) {
                return null;
            }
            handle.signal(Signals.SIGKILL);
            final long until = System.nanoTime() + PATIENCE_NANOS;
            while (lives(proc, pid) && handle.signal(0)) {
                if (System.nanoTime() - until > 0) {
                    return "does not die";
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            return null;
        } catch (final VanishedException e) {
            return null;
        } catch (final LinuxException e) {
            return e.getMessage();
        }
    }

    private static boolean lives(final ProcFs proc, final int pid) {
        try {
            return !proc.stat(pid).isZombie();
        } catch (final VanishedException e) {
            return false;
        }
    }

    /** Recorded pids that somebody lives with who was started after that moment (clock ticks since boot): perhaps of the tree. */
    static List<Integer> candidates(final Story story, final long since) {
        final List<Integer> found = new ArrayList<>();
        try (ProcFs proc = new ProcFs()) {
            story.tasks().forEach(task -> {
                try {
                    final ProcStat stat = proc.stat(task.pid());
                    if (stat.startTime() >= since
                            && !stat.isZombie()
                            && stat.comm().equals(task.name())) {
                        found.add(task.pid());
                    }
                } catch (final VanishedException e) {
                    // It is not there.
                }
            });
        }
        return found;
    }
}
