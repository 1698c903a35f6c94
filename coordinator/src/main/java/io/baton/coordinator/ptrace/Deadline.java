package io.baton.coordinator.ptrace;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** When an operation must be over, or be given up because the user asked for it. */
public final class Deadline {
    private static final int NO_LIMIT_DAYS = 36_500;
    private static final long GLANCE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final long nanos;
    private final long seconds;
    private final BooleanSupplier cancelled;

    private Deadline(long nanos, long seconds, BooleanSupplier cancelled) {
        this.nanos = nanos;
        this.seconds = seconds;
        this.cancelled = cancelled;
    }

    /** So many seconds from now. */
    public static Deadline after(long seconds) {
        return after(seconds, () -> false);
    }

    /**
     * So many seconds from now, or as soon as it is cancelled.
     *
     * @param seconds 0: no limit
     * @param cancelled asked often, from the operation's thread
     */
    public static Deadline after(long seconds, BooleanSupplier cancelled) {
        return afterNanos(TimeUnit.SECONDS.toNanos(seconds), cancelled);
    }

    /**
     * So many nanoseconds from now, or as soon as it is cancelled.
     *
     * @param limit 0: none
     * @param cancelled asked often, from the operation's thread
     */
    public static Deadline afterNanos(long limit, BooleanSupplier cancelled) {
        long wait = limit == 0 ? TimeUnit.DAYS.toNanos(NO_LIMIT_DAYS) : limit;
        return new Deadline(System.nanoTime() + wait, TimeUnit.NANOSECONDS.toSeconds(limit), cancelled);
    }

    /**
     * The same deadline with something else to look after.
     *
     * @param check asked at most every millisecond; ends the operation by throwing
     */
    public Deadline watching(Runnable check) {
        long[] next = {System.nanoTime()};
        BooleanSupplier first = cancelled;
        return new Deadline(nanos, seconds, () -> {
            long now = System.nanoTime();
            if (now - next[0] >= 0) {
                next[0] = now + GLANCE_NANOS;
                check.run();
            }
            return first.getAsBoolean();
        });
    }

    /** On the clock of {@link System#nanoTime()}, which is CLOCK_MONOTONIC here. */
    public long nanos() {
        return nanos;
    }

    public boolean passed() {
        return System.nanoTime() - nanos >= 0;
    }

    /**
     * Ends the operation if it has lasted too long or was cancelled.
     *
     * @param waitingFor named in the message
     */
    public void check(Object waitingFor) {
        if (cancelled.getAsBoolean()) {
            throw new BatonException(ErrorCode.INTERRUPTED, "interrupted while waiting for " + waitingFor, "");
        }
        if (passed()) {
            throw new BatonException(
                    ErrorCode.TIMEOUT,
                    "timed out after " + seconds + " s, waiting for " + waitingFor,
                    "--timeout gives it more seconds");
        }
    }
}
