package io.baton.mktree.launch;

import io.baton.task.linux.Identity;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.VanishedException;
import java.util.function.IntConsumer;

/** The children of this process, zombies too; those it has inherited as a subreaper included. */
final class Children {
    private Children() {}

    /** Goes through all of them, whichever of our threads they are of. */
    static void forEach(final IntConsumer action) {
        final int self = Identity.pid();
        try (ProcFs proc = new ProcFs()) {
            for (final int thread : proc.threads(self)) {
                forEach(proc, self, thread, action);
            }
        }
    }

    private static void forEach(final ProcFs proc, final int self, final int thread, final IntConsumer action) {
        final int[] children;
        try {
            children = proc.children(self, thread);
        } catch (final VanishedException e) {
            return; // the thread has ended; another one has its children
        }
        for (final int child : children) {
            action.accept(child);
        }
    }
}
