package io.baton.coordinator.dump;

import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.coordinator.tracking.Increment;
import java.nio.file.Path;

/**
 * What is to be dumped, where to and how.
 *
 * @param root pid of the tree's root
 * @param images directory of the image; made if it is not there
 * @param finish what becomes of the tree when all went well; else it runs on
 * @param deadline of the whole operation
 * @param supervision who watches; its limit is the deadline
 * @param increment how it stands to the dumps before and after it
 */
public record DumpRequest(
        int root,
        Path images,
        DumpOptions options,
        Finish finish,
        Deadline deadline,
        Supervision supervision,
        Increment increment) {
    /** Watched by nobody. */
    public DumpRequest(int root, Path images, DumpOptions options, Finish finish, Deadline deadline) {
        this(root, images, options, finish, deadline, Supervision.NONE, Increment.NONE);
    }

    /** With the limit of who watches, from now on. */
    public DumpRequest(int root, Path images, DumpOptions options, Finish finish, Supervision supervision) {
        this(
                root,
                images,
                options,
                finish,
                Deadline.afterNanos(supervision.limits().totalNanos(), supervision.cancelled()),
                supervision,
                Increment.NONE);
    }

    /** The same dump before or after others. */
    public DumpRequest withIncrement(Increment newIncrement) {
        return new DumpRequest(root, images, options, finish, deadline, supervision, newIncrement);
    }

    /** Whether the tree lives on, and is to be watched for writes. */
    boolean tracks() {
        return increment.track() && finish != Finish.KILL;
    }
}
