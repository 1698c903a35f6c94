package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Waits on and wakes 32-bit words that several processes map.
 *
 * <p>Never the private flavour: the kernel would take the address within one process as the word's name, and the
 * others would not be woken. Source: {@code futex(2)}.
 */
public final class Futex {
    /** A timeout that never ends. */
    public static final long FOREVER = -1;

    private static final int FUTEX_WAIT = 0;
    private static final int FUTEX_WAKE = 1;
    private static final int FUTEX_WAIT_BITSET = 9;
    private static final int FUTEX_WAKE_BITSET = 10;
    private static final long FUTEX_BITSET_MATCH_ANY = 0xffff_ffffL;
    private static final int FUTEX2_SIZE_U32 = 2;
    private static final int CLOCK_MONOTONIC = 1;
    /** Behind the timeout. */
    private static final int WAITERS_OFFSET = 64;
    /** In the kernel's {@code struct futex_waitv}: val 8, uaddr 8, flags 4, reserved 4. */
    private static final int WAITER_LENGTH = 24;

    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private Futex() {}

    /** How a wait ended. Whatever it was, the waiter looks at the word again. */
    public enum WaitResult {
        /** Somebody called wake; or, rarely, nobody did. */
        WOKEN,
        /** The word did not hold the expected value, so there was no wait (EAGAIN). */
        VALUE_CHANGED,
        /** The time was up (ETIMEDOUT). */
        TIMED_OUT,
        /** A signal handler ran (EINTR). */
        INTERRUPTED
    }

    /**
     * Sleeps while the word holds a value.
     *
     * @param address of the word, a multiple of 4.
     * @param expected value to sleep on.
     * @param timeoutNanos from now, or {@link #FOREVER}.
     */
    public static WaitResult wait(final long address, final int expected, final long timeoutNanos) {
        final long timeout = timeoutNanos < 0 ? 0 : timespec(timeoutNanos);
        return result(SystemCall.call(SyscallNumber.FUTEX, address, FUTEX_WAIT, expected, timeout), address);
    }

    /**
     * Sleeps while the word holds a value, at most until a moment; so a caller that is woken in vain need not compute
     * anew.
     *
     * @param deadlineNanos on the clock of {@link System#nanoTime()}, which is CLOCK_MONOTONIC here.
     */
    public static WaitResult waitUntil(final long address, final int expected, final long deadlineNanos) {
        final long timeout = timespec(Math.max(0, deadlineNanos));
        final long result = SystemCall.call(
                SyscallNumber.FUTEX, address, FUTEX_WAIT_BITSET, expected, timeout, 0, FUTEX_BITSET_MATCH_ANY);
        return result(result, address);
    }

    /**
     * Wakes waiters.
     *
     * @param count at most so many.
     * @return how many were woken.
     */
    public static int wake(final long address, final int count) {
        final long result = SystemCall.call(SyscallNumber.FUTEX, address, FUTEX_WAKE, count);
        return (int) SystemCall.check(result, SyscallNumber.FUTEX, "address", address);
    }

    /**
     * Wakes waiters that have one of some bits; those that have named none have all.
     *
     * @param count at most so many.
     * @return how many were woken.
     */
    public static int wake(final long address, final int count, final int bits) {
        final long mask = Integer.toUnsignedLong(bits);
        final long result = SystemCall.call(SyscallNumber.FUTEX, address, FUTEX_WAKE_BITSET, count, 0, 0, mask);
        return (int) SystemCall.check(result, SyscallNumber.FUTEX, "address", address);
    }

    /** Several words at once, see {@link #waitAny}. */
    public static final int MOST_WORDS = 128;

    /**
     * Sleeps while all of some words hold their values, at most until a moment. Source: {@code futex_waitv(2)}, since
     * Linux 5.16.
     *
     * @param addresses of the words.
     * @param expected value of each.
     * @param count how many of them, at most {@link #MOST_WORDS}.
     * @param deadlineNanos on the clock of {@link System#nanoTime()}, which is CLOCK_MONOTONIC here.
     * @return false if the kernel cannot.
     */
    public static boolean waitAny(
            final long[] addresses, final int[] expected, final int count, final long deadlineNanos) {
        final long timeout = timespec(Math.max(0, deadlineNanos));
        final UnsafeBuffer buffer = Scratch.get().structure();
        for (int i = 0; i < count; i++) {
            final int at = WAITERS_OFFSET + i * WAITER_LENGTH;
            buffer.putLong(at, expected[i] & 0xffff_ffffL);
            buffer.putLong(at + 8, addresses[i]);
            buffer.putLong(at + 16, FUTEX2_SIZE_U32);
        }
        final long result = SystemCall.call(
                SyscallNumber.FUTEX_WAITV, timeout + WAITERS_OFFSET, count, 0, timeout, CLOCK_MONOTONIC);
        return result != -Errno.ENOSYS && result != -Errno.EPERM;
    }

    private static long timespec(final long nanos) {
        final Scratch scratch = Scratch.get();
        final UnsafeBuffer buffer = scratch.structure();
        buffer.putLong(0, nanos / NANOS_PER_SECOND);
        buffer.putLong(8, nanos % NANOS_PER_SECOND);
        return scratch.address();
    }

    private static WaitResult result(final long result, final long address) {
        if (result == 0) {
            return WaitResult.WOKEN;
        } else if (result == -Errno.EAGAIN) {
            return WaitResult.VALUE_CHANGED;
        } else if (result == -Errno.ETIMEDOUT) {
            return WaitResult.TIMED_OUT;
        } else if (result == -Errno.EINTR) {
            return WaitResult.INTERRUPTED;
        }
        SystemCall.check(result, SyscallNumber.FUTEX, "address", address);
        throw new IllegalStateException("futex wait gave a count: result=" + result);
    }
}
