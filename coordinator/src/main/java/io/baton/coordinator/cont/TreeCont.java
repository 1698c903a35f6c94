package io.baton.coordinator.cont;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.ptrace.TreeSeizer;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcStatus;
import io.baton.task.linux.Signals;
import io.baton.task.linux.VanishedException;
import java.util.ArrayList;
import java.util.List;

/**
 * Continues a tree that {@code --leave-stopped} has left, all of it and at once: it is seized first, so that nobody can
 * be missed and nobody runs before the others. Who had been stopped before stays so, see
 * {@link io.baton.coordinator.ptrace.StopMark}.
 */
public final class TreeCont {
    private static final char ZOMBIE = 'Z';
    private static final String ALL_REMEDY = "--all continues them too";

    private TreeCont() {}

    /**
     * What has become of a tree.
     *
     * @param continued pids of those that run on
     * @param stopped pids of those that stay stopped
     */
    public record Outcome(List<Integer> continued, List<Integer> stopped) {}

    /**
     * Continues a tree.
     *
     * @param root its pid
     * @param all those too that somebody else has stopped
     * @throws BatonException NOT_STOPPED if there is nobody to be continued, or a process above the root has been left
     *     stopped too; what {@link TreeSeizer#seize} throws. Nothing has changed then
     */
    public static Outcome run(int root, boolean all, Deadline deadline) {
        if (!all) {
            checkIsRoot(root);
        }
        try (SeizedTree tree = TreeSeizer.seize(root, deadline)) {
            List<SeizedProcess> stopped = new ArrayList<>(tree.stopped());
            List<SeizedProcess> ours = all ? tree.stopped() : tree.leftStopped();
            stopped.removeAll(ours);
            if (ours.isEmpty()) {
                throw nobody(root, stopped);
            }
            tree.releaseContinued(ours);
            return new Outcome(pids(ours), pids(stopped));
        }
    }

    private static List<Integer> pids(List<SeizedProcess> processes) {
        return processes.stream().map(SeizedProcess::pid).toList();
    }

    private static BatonException nobody(int root, List<SeizedProcess> stopped) {
        String message = "pid " + root + ": nothing in this tree is stopped";
        if (!stopped.isEmpty()) {
            message =
                    "pid " + root + ": not left stopped by a dump or restore, but stopped by others: " + pids(stopped);
        }
        return new BatonException(ErrorCode.NOT_STOPPED, message, stopped.isEmpty() ? "" : ALL_REMEDY);
    }

    /** Half a tree running on while the other half stands still is what nobody wants. */
    private static void checkIsRoot(int pid) {
        try (ProcFs proc = new ProcFs()) {
            int above = pid;
            for (int parent = parent(proc, pid); parent > 0 && isLeftStopped(proc, parent); ) {
                above = parent;
                parent = parent(proc, parent);
            }
            if (above != pid) {
                throw new BatonException(
                        ErrorCode.NOT_STOPPED,
                        "pid " + pid + " is not the root of a stopped tree: pid " + above
                                + " above it was left stopped too",
                        "baton cont " + above);
            }
        }
    }

    private static int parent(ProcFs proc, int pid) {
        try {
            return proc.stat(pid).parent();
        } catch (VanishedException e) {
            return 0; // seizing it will say so
        }
    }

    /** As far as can be seen without tracing it, which is enough to stop and think. */
    private static boolean isLeftStopped(ProcFs proc, int pid) {
        try {
            ProcStatus status = proc.status(pid);
            long pending = status.signals().pending() | status.signals().sharedPending();
            // Just let go, it may not have come to its stop yet.
            return status.state() != ZOMBIE && (pending & Signals.bit(Signals.SIGSTOP)) != 0;
        } catch (VanishedException e) {
            return false;
        }
    }
}
