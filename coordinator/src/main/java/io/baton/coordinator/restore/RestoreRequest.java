package io.baton.coordinator.restore;

import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.task.program.FaultInjector;
import java.nio.file.Path;

/**
 * What is to be restored and how.
 *
 * @param images directory of the image
 * @param supervision limits, cancellation, listener, actions
 * @param faults what is to go wrong on purpose
 */
public record RestoreRequest(Path images, RestoreOptions options, Supervision supervision, FaultInjector faults) {
    /** With nothing wrong. */
    public RestoreRequest(final Path images, final RestoreOptions options, final Supervision supervision) {
        this(images, options, supervision, FaultInjector.NONE);
    }
}
