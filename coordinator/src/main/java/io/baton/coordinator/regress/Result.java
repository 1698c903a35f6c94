package io.baton.coordinator.regress;

import io.baton.task.linux.Errno;

/**
 * What a system call returned.
 *
 * @param call with its arguments, for a reader
 * @param raw as the kernel gives it: negated errno for an error
 */
public record Result(String call, long raw) {
    private static final int MAX_ERRNO = 4095;

    public boolean failed() {
        return raw < 0 && raw >= -MAX_ERRNO;
    }

    /** The error, or 0. */
    public int errno() {
        return failed() ? (int) -raw : 0;
    }

    /** What was returned; it must not be an error. */
    public long value() {
        return shouldSucceed().raw;
    }

    /** What was returned, as a 32-bit number; it must not be an error. */
    public int number() {
        return (int) value();
    }

    public Result shouldSucceed() {
        if (failed()) {
            throw CheckFailure.unexpected(call, "success", text(raw));
        }
        return this;
    }

    public Result shouldReturn(long expected) {
        if (raw != expected) {
            throw CheckFailure.unexpected(call, text(expected), text(raw));
        }
        return this;
    }

    public Result shouldFailWith(int errno) {
        if (errno() != errno) {
            throw CheckFailure.unexpected(call, Errno.nameOf(errno), text(raw));
        }
        return this;
    }

    /** That error says that the kernel, or our rights, cannot do this. */
    public Result skipOn(int errno, String reason) {
        if (errno() == errno) {
            throw new CheckSkipped(call + ": " + Errno.nameOf(errno) + ": " + reason);
        }
        return this;
    }

    private static String text(long value) {
        if (value < 0 && value >= -MAX_ERRNO) {
            return Errno.nameOf((int) -value);
        }
        return Math.abs(value) < 65_536 ? Long.toString(value) : "0x" + Long.toHexString(value);
    }
}
