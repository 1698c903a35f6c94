package io.baton.coordinator.restore;

import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.VanishedException;

/**
 * Groups in which the kernel lets SIGTSTP, SIGTTIN and SIGTTOU stop nobody: those without a member whose parent is in
 * another group of the same session, somebody who could continue it. Source: {@code setpgid(2)}, POSIX.
 */
final class OrphanedGroups {
    private static final int INIT = 1;

    private OrphanedGroups() {}

    /** Whether that process is in one. Looks at all processes there are. */
    static boolean has(final int pid) {
        try (ProcFs proc = new ProcFs()) {
            final ProcStat stat = proc.stat(pid);
            for (final int other : proc.processes()) {
                if (isWatched(proc, other, stat.processGroup(), stat.session())) {
                    return false;
                }
            }
            return true;
        }
    }

    private static boolean isWatched(final ProcFs proc, final int pid, final int group, final int session) {
        try {
            final ProcStat stat = proc.stat(pid);
            if (stat.processGroup() != group || stat.parent() <= INIT || stat.isZombie()) {
                return false;
            }
            final ProcStat parent = proc.stat(stat.parent());
            return parent.processGroup() != group && parent.session() == session;
        } catch (final VanishedException e) {
            return false;
        }
    }
}
