package io.baton.task.crac;

/** A resource could not go on after the restore; suppressed in it is why. */
public final class RestoreException extends Exception {
    private static final long serialVersionUID = 1;

    /** With nothing suppressed yet. */
    public RestoreException() {}
}
