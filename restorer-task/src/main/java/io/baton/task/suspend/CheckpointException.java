package io.baton.task.suspend;

/** There is no checkpoint, and the tree runs on as before. */
public final class CheckpointException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int exitCode;

    CheckpointException(String message, int exitCode) {
        super(message);
        this.exitCode = exitCode;
    }

    /** The coordinator's exit code, see {@code docs/errors.md}; 0 if it could not be started. */
    public int exitCode() {
        return exitCode;
    }
}
