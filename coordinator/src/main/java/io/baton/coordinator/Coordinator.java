package io.baton.coordinator;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.restore.RestoreRequest;
import io.baton.coordinator.restore.Restored;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.supervision.Supervision;
import java.nio.file.Path;

/**
 * Baton for those who embed it: the operations of the command line, each as one blocking call.
 *
 * <pre>{@code
 * var stop = new AtomicBoolean();
 * var coordinator = new Coordinator(Supervision.NONE
 *         .withLimits(TimeLimits.ofSeconds(30, 10))
 *         .withCancellation(stop::get)
 *         .withListener(progress)
 *         .withActions(List.of(new ActionScript("/etc/baton/hook"))));
 * coordinator.dump(pid, images, DumpOptions.DEFAULT, Finish.KILL);
 * Restored tree = coordinator.restore(images, RestoreOptions.DEFAULT);
 * }</pre>
 *
 * <p>An operation is the business of the thread that calls it, because ptrace and parent-death signals are a thread's:
 * should that thread end while a restore goes on, so do the tasks. The process becomes a child subreaper, and a restored
 * root is its child. Different threads may run operations on different trees, one at a time each; a coordinator itself
 * has no state.
 */
public final class Coordinator {
    private final Supervision supervision;

    /** With whom to watch over its operations. */
    public Coordinator(final Supervision supervision) {
        this.supervision = supervision;
    }

    /**
     * Dumps a tree.
     *
     * @param root pid of its root
     * @param images directory for the image, made if it is not there
     * @throws io.baton.coordinator.error.BatonException with its code, and the tree runs on
     */
    public void dump(final int root, final Path images, final DumpOptions options, final Finish finish) {
        TreeDump.run(new DumpRequest(root, images, options, finish, supervision));
    }

    /**
     * Restores a tree.
     *
     * @param images directory of the image
     * @return what runs now
     * @throws io.baton.coordinator.error.BatonException with its code, and nothing left behind
     */
    public Restored restore(final Path images, final RestoreOptions options) {
        return TreeRestore.run(new RestoreRequest(images, options, supervision));
    }
}
