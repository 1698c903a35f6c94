package io.baton.mktree.launch;

import io.baton.task.linux.ProcFs;
import io.baton.task.linux.VanishedException;
import java.util.function.IntConsumer;

/** The children of a process, zombies too; those it has inherited as a subreaper included. */
final class Children {
    private Children() {}

    /** Goes through all of them, whichever of its threads they are of. */
    static void forEach(final int parent, final IntConsumer action) {
        try (ProcFs proc = new ProcFs()) {
            for (final int thread : threads(proc, parent)) {
                forEach(proc, parent, thread, action);
            }
        }
    }

    private static void forEach(final ProcFs proc, final int parent, final int thread, final IntConsumer action) {
        final int[] children;
        try {
            children = proc.children(parent, thread);
        } catch (final VanishedException e) {
            return; // the thread has ended; another one has its children
        }
        for (final int child : children) {
            action.accept(child);
        }
    }

    private static int[] threads(final ProcFs proc, final int parent) {
        try {
            return proc.threads(parent);
        } catch (final VanishedException e) {
            return new int[0];
        }
    }
}
