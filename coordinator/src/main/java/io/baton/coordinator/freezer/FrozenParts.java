package io.baton.coordinator.freezer;

import io.baton.coordinator.error.Refusals;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.VanishedException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/**
 * Looks for processes that stand frozen while their tree's root does not: the v1 freezer lets ptrace stop nobody, so whoever
 * seizes the tree would wait for them until its time is up. A look walks the tree, so it waits a while, and then ever
 * longer.
 */
public final class FrozenParts {
    private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final int root;
    private long pause = FIRST_NANOS;
    private long next = System.nanoTime() + FIRST_NANOS;

    /** Of the tree with that root. */
    public FrozenParts(int root) {
        this.root = root;
    }

    /**
     * Looks, if it is time.
     *
     * @throws io.baton.coordinator.error.BatonException UNSUPPORTED with every process that is frozen
     */
    public void check() {
        if (System.nanoTime() - next < 0) {
            return;
        }
        Refusals refusals = new Refusals();
        try (ProcFs proc = new ProcFs()) {
            Deque<Integer> left = new ArrayDeque<>();
            left.add(root);
            while (!left.isEmpty()) {
                look(proc, left.remove(), left, refusals);
            }
        }
        refusals.throwIfAny("stop the tree");
        pause = 2 * pause;
        next = System.nanoTime() + pause;
    }

    private static void look(ProcFs proc, int pid, Deque<Integer> left, Refusals refusals) {
        try {
            FreezerGroup group = FreezerGroup.frozenOf(proc, pid);
            if (group != null && group.version() == 1 && !proc.stat(pid).isZombie()) {
                refusals.add(
                        pid,
                        "process (" + proc.stat(pid).comm() + ")",
                        "is frozen in " + group + ", and the root of its tree is not",
                        "thaw that group, or have the whole tree in it");
            }
            for (int tid : proc.threads(pid)) {
                for (int child : proc.children(pid, tid)) {
                    left.add(child);
                }
            }
        } catch (VanishedException e) {
            // It is not what we wait for.
        }
    }
}
