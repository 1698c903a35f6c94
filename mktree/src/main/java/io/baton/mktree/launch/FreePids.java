package io.baton.mktree.launch;

import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import io.baton.task.linux.Signals;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntFunction;

/** Pids that nobody has at the moment, and is not likely to get soon. */
public final class FreePids {
    /** The kernel itself does not come back to pids below when it starts over. */
    private static final int FIRST = 300;

    /** The kernel gives pids in ascending order: so far ahead of the last one, and of others who do as we do. */
    private static final int AHEAD = 3000;

    private static final int MOST_TRIES = 100;
    private static final int LONGEST = 256;

    private FreePids() {}

    /** Whether neither a process nor a thread has that pid. */
    public static boolean isFree(final int pid) {
        return !Signals.kill(pid, 0);
    }

    /** The largest pid that the kernel gives. */
    public static int last() {
        return Integer.parseInt(read("/proc/sys/kernel/pid_max").strip()) - 1;
    }

    /**
     * Asks for a tree whose pids begin with one number after the other until all of them are free.
     *
     * @return the tree, or the last one asked for if none will do
     */
    public static ProcessTree place(final IntFunction<ProcessTree> trees) {
        final int last = last();
        final String[] load = read("/proc/loadavg").strip().split(" ");
        int first = Integer.parseInt(load[load.length - 1]);
        ProcessTree tree = trees.apply(Math.max(first, FIRST));
        for (int i = 0; i < MOST_TRIES; i++) {
            first = Math.max(first + AHEAD + ThreadLocalRandom.current().nextInt(AHEAD), FIRST);
            tree = trees.apply(first);
            if (largest(tree) > last) {
                first = FIRST + ThreadLocalRandom.current().nextInt(AHEAD);
                tree = trees.apply(first);
            }
            if (taken(tree).isEmpty()) {
                break;
            }
        }
        return tree;
    }

    /** Ids of a tree that somebody else has; that of the root's session and group may well be outside. */
    public static List<Integer> taken(final ProcessTree tree) {
        final List<Integer> taken = new ArrayList<>();
        for (final Task task : tree) {
            for (final int thread : task.threads()) {
                addIfTaken(thread, taken);
            }
            if (!isOuter(tree, task.sid()) && tree.rowOf(task.sid()) < 0) {
                addIfTaken(task.sid(), taken);
            }
            if (!isOuter(tree, task.pgid()) && tree.rowOf(task.pgid()) < 0) {
                addIfTaken(task.pgid(), taken);
            }
        }
        return taken;
    }

    private static boolean isOuter(final ProcessTree tree, final int id) {
        return id == tree.root().sid() || id == tree.root().pgid();
    }

    private static void addIfTaken(final int id, final List<Integer> taken) {
        if (!isFree(id)) {
            taken.add(id);
        }
    }

    private static int largest(final ProcessTree tree) {
        int largest = 0;
        for (final Task task : tree) {
            for (final int thread : task.threads()) {
                largest = Math.max(largest, thread);
            }
        }
        return largest;
    }

    /** In one read: some files under /proc/sys give nothing to a second one. */
    private static String read(final String file) {
        try (InputStream stream = Files.newInputStream(Path.of(file))) {
            return new String(stream.readNBytes(LONGEST), StandardCharsets.US_ASCII);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
