package io.baton.coordinator.dump;

import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.supervision.Supervision;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What is to be pre-dumped, and where to.
 *
 * @param root pid of the tree's root
 * @param images directory of the image; made if it is not there
 * @param previous the image to build on, relative to that directory or absolute; null: none
 * @param supervision who watches; no actions are run
 * @param freezeCgroup directory of the freezer group that the tree is in; null: only if it is frozen in one
 */
public record PreDumpRequest(
        int root,
        Path images,
        @Nullable Path previous,
        Supervision supervision,
        @Nullable Path freezeCgroup) {
    /** Without a freezer group of its own. */
    public PreDumpRequest(int root, Path images, @Nullable Path previous, Supervision supervision) {
        this(root, images, previous, supervision, null);
    }

    Deadline deadline() {
        return Deadline.afterNanos(supervision.limits().totalNanos(), supervision.cancelled());
    }
}
