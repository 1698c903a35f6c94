package io.baton.coordinator.restore;

import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.mktree.launch.OwnParent;
import io.baton.mktree.launch.Parent;
import io.baton.task.program.FaultInjector;
import java.nio.file.Path;

/**
 * What is to be restored and how.
 *
 * @param images directory of the image
 * @param supervision limits, cancellation, listener, actions
 * @param faults what is to go wrong on purpose
 * @param parent whose child the tree's root becomes
 * @param order in which tasks restore themselves
 */
public record RestoreRequest(
        Path images,
        RestoreOptions options,
        Supervision supervision,
        FaultInjector faults,
        Parent parent,
        Order order) {
    /** With nothing wrong, as our own child. */
    public RestoreRequest(final Path images, final RestoreOptions options, final Supervision supervision) {
        this(images, options, supervision, FaultInjector.NONE);
    }

    /** As our own child. */
    public RestoreRequest(
            final Path images,
            final RestoreOptions options,
            final Supervision supervision,
            final FaultInjector faults) {
        this(images, options, supervision, faults, OwnParent.SELF, Order.SAVED);
    }

    /** As the child of another process. */
    public RestoreRequest withParent(final Parent other) {
        return new RestoreRequest(images, options, supervision, faults, other, order);
    }

    /** In another order. */
    public RestoreRequest with(final Order other) {
        return new RestoreRequest(images, options, supervision, faults, parent, other);
    }
}
