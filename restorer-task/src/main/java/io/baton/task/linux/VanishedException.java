package io.baton.task.linux;

/**
 * The process or thread asked about is not there, or no longer: {@code ESRCH}, or {@code ENOENT} below {@code /proc}.
 */
public final class VanishedException extends LinuxException {
    private static final long serialVersionUID = 1L;

    public VanishedException(final String call, final int errno, final String detail) {
        super(call, errno, detail);
    }
}
