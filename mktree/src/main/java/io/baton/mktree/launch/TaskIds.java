package io.baton.mktree.launch;

import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcStatus;
import java.util.List;
import org.agrona.collections.Int2IntHashMap;

/**
 * What the coordinator calls the tasks of a tree. Without a pid namespace of their own that is what they call
 * themselves; with one, /proc tells, once all of them exist.
 */
public final class TaskIds {
    private static final int UNKNOWN = 0;

    private final boolean namespace;
    private final Int2IntHashMap outer = new Int2IntHashMap(UNKNOWN);

    private TaskIds(final boolean namespace) {
        this.namespace = namespace;
    }

    /** Ids that are the same for both. */
    public static TaskIds same() {
        return new TaskIds(false);
    }

    /** Ids in a new pid namespace; unknown until {@link #learn}. */
    public static TaskIds inNamespace() {
        return new TaskIds(true);
    }

    public boolean isNamespace() {
        return namespace;
    }

    /** Our name for the task that calls itself so; 0 when it is not known. */
    public int of(final int id) {
        return namespace ? outer.get(id) : id;
    }

    /**
     * Reads the ids of all processes and threads in the pid namespace of a process.
     *
     * @param init a process of that namespace, by our name for it
     */
    public void learn(final int init) {
        if (!namespace) {
            return;
        }
        try (ProcFs proc = new ProcFs()) {
            final String wanted = proc.readLink(init, "ns/pid");
            for (final int pid : proc.processes()) {
                try {
                    if (proc.readLink(pid, "ns/pid").equals(wanted)) {
                        learnThreads(proc, pid);
                    }
                } catch (final LinuxException e) {
                    // Gone, or a zombie, whose namespaces nobody can read: those are found below.
                    learnZombie(proc, pid);
                }
            }
        }
    }

    private void learnThreads(final ProcFs proc, final int pid) {
        for (final int tid : proc.threads(pid)) {
            remember(proc.status(pid, tid), tid);
        }
    }

    private void learnZombie(final ProcFs proc, final int pid) {
        try {
            remember(proc.status(pid), pid);
        } catch (final LinuxException e) {
            // Gone.
        }
    }

    private void remember(final ProcStatus status, final int ours) {
        final List<Integer> ids = status.namespaced().pid();
        if (ids.size() > 1) {
            outer.put(ids.get(ids.size() - 1).intValue(), ours);
        }
    }
}
