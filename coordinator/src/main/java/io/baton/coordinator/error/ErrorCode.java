package io.baton.coordinator.error;

/**
 * Every way in which an operation can end badly. Append only: programs rely on names and exit statuses, which
 * {@code docs/errors.md} lists. 1 and 2 stay free for the JVM and for usage errors; 128 and above mean the restored
 * root died by a signal.
 */
public enum ErrorCode {
    /** The state of a task cannot be saved yet; the tree runs on. */
    UNSUPPORTED(3),
    /** No such process, or it went away. */
    NO_SUCH_PROCESS(4),
    /** A right or a kernel feature is missing. */
    NOT_PERMITTED(5),
    /** The image is damaged, incomplete or contradicts itself. */
    BAD_IMAGE(6),
    /** A pid that the tree needs is taken. */
    PID_TAKEN(7),
    /** Something the image refers to (a file, a directory) is missing or different. */
    MISSING_RESOURCE(8),
    /** A system call failed while a task was captured or restored. */
    TASK_FAILED(9),
    /** A task or the helper died on the way. */
    TASK_DIED(10),
    /** The deadline passed. */
    TIMEOUT(11),
    /** Reading or writing image files failed: full disk, no permission. */
    IMAGE_IO(12),
    /** Interrupted by the user or another program. */
    INTERRUPTED(13),
    /** An action script failed. */
    SCRIPT_FAILED(14),
    /** A defect of Baton. */
    INTERNAL(15);

    private final int exitStatus;

    ErrorCode(final int exitStatus) {
        this.exitStatus = exitStatus;
    }

    /** The exit status of the command line. */
    public int exitStatus() {
        return exitStatus;
    }
}
