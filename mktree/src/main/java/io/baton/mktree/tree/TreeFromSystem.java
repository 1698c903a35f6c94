package io.baton.mktree.tree;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A tree of the live system, by {@code /proc}. Source: {@code proc(5)}.
 *
 * <p>What changes while it is read may be missed: freeze first, or read until two readings agree. Whether a process is a
 * subreaper {@code /proc} does not tell; only the process itself can.
 */
public final class TreeFromSystem {
    private final Path proc;
    private final Int2ObjectHashMap<List<ProcStat>> children = new Int2ObjectHashMap<>();

    private TreeFromSystem(Path proc) {
        this.proc = proc;
    }

    /**
     * Reads a process and all its descendants. Takes time in proportion to their number if the kernel lists children
     * (CONFIG_PROC_CHILDREN), else to that of all processes on the system.
     *
     * @param rootPid as seen in the caller's pid namespace
     * @throws NoSuchFileException if there is no such process
     * @throws TreeException if it was changing while being read
     */
    public static ProcessTree read(int rootPid) throws IOException {
        return new TreeFromSystem(Path.of("/proc")).tree(rootPid);
    }

    private ProcessTree tree(int rootPid) throws IOException {
        ProcStat root = stat(rootPid);
        if (root == null) {
            throw new NoSuchFileException(
                    proc.resolve(Integer.toString(rootPid)).toString());
        }
        boolean listed = Files.exists(proc.resolve(rootPid + "/task/" + rootPid + "/children"));
        if (!listed) {
            readAll();
        }
        List<Task> tasks = new ArrayList<>();
        List<ProcStat> stack = new ArrayList<>(List.of(root));
        while (!stack.isEmpty()) {
            ProcStat process = stack.remove(stack.size() - 1);
            List<Integer> threads = threads(process);
            if (threads.isEmpty()) {
                continue;
            }
            tasks.add(process.task(tasks.isEmpty() ? 0 : process.ppid(), threads));
            List<ProcStat> below = listed ? listedChildren(process, threads) : children.get(process.pid());
            if (below != null) {
                below.sort(Comparator.comparingLong(ProcStat::startTime)
                        .thenComparingInt(ProcStat::pid)
                        .reversed());
                stack.addAll(below);
            }
        }
        return ProcessTree.of(tasks);
    }

    private void readAll() throws IOException {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(proc, "[1-9]*")) {
            for (Path path : all) {
                ProcStat process = stat(Integer.parseInt(path.getFileName().toString()));
                if (process != null) {
                    children.computeIfAbsent(process.ppid(), pid -> new ArrayList<>())
                            .add(process);
                }
            }
        }
    }

    /** Children by each thread that forked them. */
    private List<ProcStat> listedChildren(ProcStat process, List<Integer> threads) throws IOException {
        List<ProcStat> found = new ArrayList<>();
        for (int tid : threads) {
            String pids = text(proc.resolve(process.pid() + "/task/" + tid + "/children"));
            if (pids == null || pids.isBlank()) {
                continue;
            }
            for (String pid : pids.strip().split(" ")) {
                ProcStat child = stat(Integer.parseInt(pid));
                if (child != null) {
                    found.add(child);
                }
            }
        }
        return found;
    }

    /** All threads, the leader's first; none if the process is gone. */
    private List<Integer> threads(ProcStat process) throws IOException {
        if (process.threads() == 1) {
            return List.of(process.pid());
        }
        List<Integer> ids = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(proc.resolve(process.pid() + "/task"))) {
            for (Path path : all) {
                ids.add(Integer.parseInt(path.getFileName().toString()));
            }
        } catch (NoSuchFileException e) {
            return List.of();
        }
        ids.sort(Comparator.comparing((Integer id) -> id != process.pid()).thenComparing(Comparator.naturalOrder()));
        return ids;
    }

    private @Nullable ProcStat stat(int pid) throws IOException {
        String line = text(proc.resolve(pid + "/stat"));
        return line == null ? null : ProcStat.parse(line);
    }

    /** Contents of a file of a process, or null if the process is gone. */
    private static @Nullable String text(Path path) throws IOException {
        try {
            return new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            if (String.valueOf(e.getMessage()).contains("No such process")) {
                return null;
            }
            throw e;
        }
    }
}
