package io.baton.mktree.plan;

import java.util.List;

/**
 * What one task does until it has its turn.
 *
 * @param slot its index in the segment's slots
 * @param pid its id; 0 for the helper and the holder, whose id nobody chooses
 * @param kind what it is there for
 * @param exitSignal what its maker gives for {@code exit_signal}; of no effect on threads and siblings
 * @param steps in order
 */
public record PlannedTask(int slot, int pid, Kind kind, int exitSignal, List<Step> steps) {
    public static final int SIGCHLD = 17;

    public PlannedTask {
        steps = List.copyOf(steps);
    }

    /**
     * Whether it is killed with its parent from before its turn. If not, its parent's first thread dies in that one's
     * turn, and only afterwards may the task ask for it.
     */
    public boolean diesWithParent() {
        return steps.stream().anyMatch(Step.DieWithParent.class::isInstance);
    }

    /** What a task is there for. */
    public enum Kind {
        /** A process of the tree. */
        PROCESS,
        /** A thread of the tree, other than a leader. */
        THREAD,
        /** Lends its pid to a session or group whose leader has gone. */
        GHOST,
        /** Makes orphans, or keeps a group alive whose leader has left it. */
        PLACEHOLDER,
        /** Is in the namespaces that others are to join. */
        HOLDER,
        /** Makes the root. */
        HELPER
    }
}
