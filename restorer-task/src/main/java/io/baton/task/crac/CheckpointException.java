package io.baton.task.crac;

/** A resource was against the checkpoint, or there was none; suppressed in it is why. */
public final class CheckpointException extends Exception {
    private static final long serialVersionUID = 1;

    /** With nothing suppressed yet. */
    public CheckpointException() {}
}
