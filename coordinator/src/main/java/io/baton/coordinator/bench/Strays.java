package io.baton.coordinator.bench;

import io.baton.task.linux.Identity;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.VanishedException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Whatever has become our child since this was made: as the subreaper we are the parent of all that loses its own. Killed
 * in the end, until nothing more comes, so that nothing gets away: not from a tree that was still growing, nor what a
 * command of ours has left. Whoever lives below us has a living ancestor that is our child.
 */
final class Strays {
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);

    private final Set<Integer> others = children();

    /** Kills and reaps them all. */
    void end() {
        long until = System.nanoTime() + PATIENCE;
        while (System.nanoTime() - until < 0) {
            Set<Integer> ours = children();
            ours.removeAll(others);
            if (ours.isEmpty()) {
                return;
            }
            ours.removeIf(KnownTree::reap);
            killBelow(ours);
            LockSupport.parkNanos(PAUSE);
        }
    }

    /** With all that can be found below them, or a chain would go link by link. */
    private static void killBelow(Set<Integer> roots) {
        List<Integer> found = new ArrayList<>(roots);
        try (ProcFs proc = new ProcFs()) {
            for (int i = 0; i < found.size(); i++) {
                addChildren(proc, found.get(i), found);
            }
        }
        found.forEach(pid -> Signals.kill(pid, Signals.SIGKILL));
    }

    private static Set<Integer> children() {
        List<Integer> found = new ArrayList<>();
        try (ProcFs proc = new ProcFs()) {
            addChildren(proc, Identity.pid(), found);
        }
        return new HashSet<>(found);
    }

    private static void addChildren(ProcFs proc, int pid, List<Integer> found) {
        try {
            for (int thread : proc.threads(pid)) {
                for (int child : proc.children(pid, thread)) {
                    found.add(child);
                }
            }
        } catch (VanishedException e) {
            // It, or a thread of it, has ended; its children are another's now, and found there by the next round.
        }
    }
}
