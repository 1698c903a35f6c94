package io.baton.coordinator.dump;

import io.baton.coordinator.ptrace.Caller;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.coordinator.suspend.SuspendOptions;
import io.baton.coordinator.tracking.Increment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What is to be dumped, where to and how.
 *
 * @param root pid of the tree's root
 * @param images directory of the image; made if it is not there
 * @param finish what becomes of the tree when all went well; else it runs on
 * @param deadline of the whole operation
 * @param supervision who watches; its limit is the deadline
 * @param increment how it stands to the dumps before and after it
 * @param caller the task of the tree that has asked for it, if it was one
 * @param suspend how the processes are asked before they are stopped
 * @param freezeCgroup directory of the freezer group that the tree is in; null: only if it is frozen in one
 */
public record DumpRequest(
        int root,
        Path images,
        DumpOptions options,
        Finish finish,
        Deadline deadline,
        Supervision supervision,
        Increment increment,
        @Nullable Caller caller,
        SuspendOptions suspend,
        @Nullable Path freezeCgroup) {
    /** Watched by nobody. */
    public DumpRequest(int root, Path images, DumpOptions options, Finish finish, Deadline deadline) {
        this(
                root,
                images,
                options,
                finish,
                deadline,
                Supervision.NONE,
                Increment.NONE,
                null,
                SuspendOptions.DEFAULT,
                null);
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
                Increment.NONE,
                null,
                SuspendOptions.DEFAULT,
                null);
    }

    /** The same dump before or after others. */
    public DumpRequest withIncrement(Increment newIncrement) {
        return new DumpRequest(
                root, images, options, finish, deadline, supervision, newIncrement, caller, suspend, freezeCgroup);
    }

    /** The same dump, asked for by a task of the tree. */
    public DumpRequest calledBy(@Nullable Caller newCaller) {
        return new DumpRequest(
                root, images, options, finish, deadline, supervision, increment, newCaller, suspend, freezeCgroup);
    }

    /** The same dump, asking the processes first in some other way, or not at all. */
    public DumpRequest withSuspend(SuspendOptions newSuspend) {
        return new DumpRequest(
                root, images, options, finish, deadline, supervision, increment, caller, newSuspend, freezeCgroup);
    }

    /** The same dump with the tree in that group. */
    public DumpRequest withFreezeCgroup(@Nullable Path group) {
        return new DumpRequest(root, images, options, finish, deadline, supervision, increment, caller, suspend, group);
    }

    /** The same dump until then. */
    DumpRequest withDeadline(Deadline newDeadline) {
        return new DumpRequest(
                root, images, options, finish, newDeadline, supervision, increment, caller, suspend, freezeCgroup);
    }

    /** Whether the tree lives on, and is to be watched for writes. */
    boolean tracks() {
        return increment.track() && finish != Finish.KILL;
    }
}
