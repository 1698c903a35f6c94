package io.baton.task.linux;

import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;

/** Waits until any of a few descriptors is ready. Source: {@code ppoll(2)}. */
public final class Poll implements AutoCloseable {
    public static final int POLLIN = 1;
    public static final int POLLPRI = 2;
    public static final int POLLOUT = 4;
    public static final int POLLERR = 8;
    public static final int POLLHUP = 16;
    public static final int POLLNVAL = 32;
    public static final int POLLRDHUP = 0x2000;
    /** A timeout that never ends. */
    public static final long FOREVER = -1;

    private static final int ENTRY_LENGTH = 8;
    private static final int TIMEOUT_LENGTH = 16;

    private final Memory memory;
    private final UnsafeBuffer buffer;
    private final int capacity;
    private int count;

    /** Room for so many descriptors. */
    public Poll(final int capacity) {
        this.capacity = capacity;
        memory = Memory.allocate(TIMEOUT_LENGTH + capacity * ENTRY_LENGTH);
        buffer = memory.buffer();
    }

    /**
     * Adds a descriptor.
     *
     * @param events to wait for; errors and hang-ups are told of in any case.
     * @return its index.
     */
    public int add(final int fd, final int events) {
        if (count == capacity) {
            throw new IllegalStateException("full: capacity=" + capacity);
        }
        buffer.putInt(entry(count), fd);
        buffer.putShort(entry(count) + 4, (short) events);
        return count++;
    }

    /** Forgets all descriptors. */
    public void clear() {
        count = 0;
    }

    /**
     * Waits, at most so long, or {@link #FOREVER}; a signal handler ends the wait as the timeout does.
     *
     * @return how many descriptors are ready.
     */
    public int await(final long timeoutNanos) {
        long timeout = 0;
        if (timeoutNanos >= 0) {
            buffer.putLong(0, TimeUnit.NANOSECONDS.toSeconds(timeoutNanos));
            buffer.putLong(8, timeoutNanos % 1_000_000_000L);
            timeout = memory.address();
        }
        final long entries = memory.address() + TIMEOUT_LENGTH;
        final long result = SystemCall.call(SyscallNumber.PPOLL, entries, count, timeout, 0, 8);
        return result == -Errno.EINTR ? 0 : (int) SystemCall.check(result, SyscallNumber.PPOLL);
    }

    /** What the last wait found for the descriptor of this index. */
    public int events(final int index) {
        return buffer.getShort(entry(index) + 6);
    }

    private static int entry(final int index) {
        return TIMEOUT_LENGTH + index * ENTRY_LENGTH;
    }

    @Override
    public void close() {
        memory.close();
    }
}
