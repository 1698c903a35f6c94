package io.baton.task.linux;

/** A system call that failed: which call, with which errno, and what it was about. */
public class LinuxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final int errno;
    private final String detail;

    public LinuxException(final String call, final int errno, final String detail) {
        super(text(call, errno, detail));
        this.call = call;
        this.errno = errno;
        this.detail = detail;
    }

    /**
     * The exception for a call that gave {@code -errno}.
     *
     * @param number of the system call.
     * @param result of the system call, a negative errno.
     * @param detail such as {@code fd=3} or a path; empty if there is nothing to add.
     */
    public static LinuxException of(final int number, final long result, final String detail) {
        return new LinuxException(SyscallNumber.describe(number), (int) -result, detail);
    }

    /** Name of the call, such as {@code openat}. */
    public String call() {
        return call;
    }

    /** Error number, to be compared with the constants of {@link Errno}. */
    public int errno() {
        return errno;
    }

    /** What the call was about; may be empty. */
    public String detail() {
        return detail;
    }

    private static String text(final String call, final int errno, final String detail) {
        final String reason = call + " failed: " + Errno.messageOf(errno) + " (" + Errno.nameOf(errno) + ")";
        return detail.isEmpty() ? reason : reason + ": " + detail;
    }
}
