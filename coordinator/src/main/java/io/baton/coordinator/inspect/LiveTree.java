package io.baton.coordinator.inspect;

import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import io.baton.mktree.tree.TreeException;
import io.baton.mktree.tree.TreeFromSystem;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.VanishedException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A tree of the live system. It may change while it is read: who has gone by then has nothing.
 *
 * @param tree the tree
 * @param processes in the order of its rows; page bytes are what is resident
 */
public record LiveTree(ProcessTree tree, List<ProcessSummary> processes) implements TreeView {
    private static final int TRIES = 20;
    private static final Pattern RESIDENT = Pattern.compile("(?m)^Rss: +([0-9]+) kB$");
    private static final int KIB = 1024;

    /**
     * Reads a process and all its descendants.
     *
     * @throws VanishedException if there is no such process
     */
    public static LiveTree read(final int root) {
        final ProcessTree tree = stable(root);
        final List<ProcessSummary> processes = new ArrayList<>(tree.size());
        try (ProcFs proc = new ProcFs()) {
            for (final Task task : tree) {
                processes.add(summary(proc, task));
            }
        }
        return new LiveTree(tree, processes);
    }

    private static ProcessTree stable(final int root) {
        for (int i = 1; i < TRIES; i++) {
            try {
                return TreeFromSystem.read(root);
            } catch (final TreeException e) {
                Thread.onSpinWait(); // it was changing
            }
        }
        return TreeFromSystem.read(root);
    }

    private static ProcessSummary summary(final ProcFs proc, final Task task) {
        try {
            if (!task.zombie()) {
                final ProcStat stat = proc.stat(task.pid());
                return new ProcessSummary(
                        task,
                        stat.state() == 'T' || stat.state() == 't',
                        proc.descriptors(task.pid()).length,
                        proc.maps(task.pid()).size(),
                        residentBytes(proc, task.pid()));
            }
        } catch (final VanishedException e) {
            // It has nothing any more.
        }
        return new ProcessSummary(task, false, 0, 0, 0);
    }

    /** The exact number; the counters in {@code stat} and {@code status} lag behind by megabytes. */
    private static long residentBytes(final ProcFs proc, final int pid) {
        final Matcher matcher = RESIDENT.matcher(proc.readText(pid, "smaps_rollup"));
        return matcher.find() ? Long.parseLong(matcher.group(1)) * KIB : 0;
    }
}
