package io.baton.mktree.tree;

import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.VanishedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;

/**
 * A tree of the live system, by {@code /proc}. Source: {@code proc(5)}.
 *
 * <p>What changes while it is read may be missed: freeze first, or read until two readings agree. Whether a process is a
 * subreaper {@code /proc} does not tell; only the process itself can. The status of a zombie it tells only to who may
 * trace it; others see 0.
 */
public final class TreeFromSystem {
    private static final Comparator<ProcStat> YOUNGEST_FIRST = Comparator.comparingLong(ProcStat::startTime)
            .thenComparingInt(ProcStat::pid)
            .reversed();

    private final ProcFs proc;
    /** By the pid of the parent; empty where the kernel lists children itself. */
    private final Int2ObjectHashMap<List<ProcStat>> children = new Int2ObjectHashMap<>();

    private final boolean listed;

    private TreeFromSystem(ProcFs proc, int rootPid) {
        this.proc = proc;
        this.listed = Files.exists(Path.of("/proc/" + rootPid + "/task/" + rootPid + "/children"));
    }

    /**
     * Reads a process and all its descendants, children in the order of their births. Takes time in proportion to their
     * number if the kernel lists children (CONFIG_PROC_CHILDREN), else to that of all processes on the system.
     *
     * @param rootPid as seen in the caller's pid namespace
     * @throws VanishedException if there is no such process
     * @throws TreeException if it was changing while being read
     */
    public static ProcessTree read(int rootPid) {
        try (ProcFs proc = new ProcFs()) {
            return new TreeFromSystem(proc, rootPid).tree(proc.stat(rootPid));
        }
    }

    private ProcessTree tree(ProcStat root) {
        if (!listed) {
            readAll();
        }
        List<Task> tasks = new ArrayList<>();
        List<ProcStat> stack = new ArrayList<>(List.of(root));
        while (!stack.isEmpty()) {
            ProcStat process = stack.remove(stack.size() - 1);
            List<Integer> threads = threads(process);
            if (!threads.isEmpty()) {
                tasks.add(task(process, tasks.isEmpty() ? 0 : process.parent(), threads));
                stack.addAll(children(process, threads));
            }
        }
        return ProcessTree.of(tasks);
    }

    private static Task task(ProcStat process, int parent, List<Integer> threads) {
        Task task = Task.of(process.pid(), parent, process.processGroup(), process.session())
                .withThreads(threads)
                .withComm(process.comm());
        if (!process.isZombie()) {
            return task;
        }
        return threads.size() > 1 ? task.withDeadLeader(process.exitCode()) : task.asZombie(process.exitCode());
    }

    private void readAll() {
        List<ProcStat> all = new ArrayList<>();
        for (int pid : proc.processes()) {
            addIfThere(pid, all);
        }
        for (ProcStat process : all) {
            children.computeIfAbsent(process.parent(), parent -> new ArrayList<>())
                    .add(process);
        }
    }

    /** The last born first, as they go onto a stack. */
    private List<ProcStat> children(ProcStat process, List<Integer> threads) {
        List<ProcStat> found = listed ? new ArrayList<>() : children.getOrDefault(process.pid(), new ArrayList<>());
        if (listed) {
            // Each thread has a list of those it has forked itself.
            for (int tid : threads) {
                addChildren(process.pid(), tid, found);
            }
        }
        found.sort(YOUNGEST_FIRST);
        return found;
    }

    private void addChildren(int pid, int tid, List<ProcStat> found) {
        int[] listedOfThread;
        try {
            listedOfThread = proc.children(pid, tid);
        } catch (VanishedException e) {
            return;
        }
        for (int child : listedOfThread) {
            addIfThere(child, found);
        }
    }

    /** Adds the process unless it has ended since its pid was read, and thus is of no tree any more. */
    private void addIfThere(int pid, List<ProcStat> found) {
        try {
            found.add(proc.stat(pid));
        } catch (VanishedException e) {
            // Nothing to add.
        }
    }

    /** All threads, the leader's first; none if the process is gone. */
    private List<Integer> threads(ProcStat process) {
        if (process.threads() == 1) {
            return List.of(process.pid());
        }
        List<Integer> ids = new ArrayList<>();
        try {
            for (int tid : proc.threads(process.pid())) {
                ids.add(tid == process.pid() ? 0 : ids.size(), tid);
            }
        } catch (VanishedException e) {
            ids.clear();
        }
        return ids;
    }
}
