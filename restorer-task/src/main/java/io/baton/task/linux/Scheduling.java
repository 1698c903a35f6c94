package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/** How a thread is scheduled. A tid of 0 is the calling thread. Source: {@code sched_setattr(2)}. */
public final class Scheduling {
    public static final int SCHED_OTHER = 0;
    public static final int SCHED_FIFO = 1;
    public static final int SCHED_RR = 2;
    public static final int SCHED_BATCH = 3;
    public static final int SCHED_IDLE = 5;
    public static final int SCHED_DEADLINE = 6;

    public static final int PRIO_PROCESS = 0;

    private static final int LENGTH = 56;
    private static final int IOPRIO_WHO_PROCESS = 1;
    private static final int AFFINITY_LENGTH = 1024;

    private Scheduling() {}

    /**
     * A thread's policy and what goes with it; what does not is 0.
     *
     * @param policy one of {@code SCHED_...}.
     * @param nice -20 to 19.
     * @param priority 1 to 99 for the real-time policies.
     * @param runtime in nanoseconds, as are deadline and period.
     */
    public record Attributes(
            int policy,
            long flags,
            int nice,
            int priority,
            long runtime,
            long deadline,
            long period,
            int utilMin,
            int utilMax) {}

    public static Attributes get(final int tid) {
        final Scratch scratch = Scratch.get();
        final UnsafeBuffer buffer = scratch.structure();
        buffer.setMemory(0, LENGTH, (byte) 0);
        final long result = SystemCall.call(SyscallNumber.SCHED_GETATTR, tid, scratch.address(), LENGTH, 0);
        check(result, SyscallNumber.SCHED_GETATTR, tid);
        return new Attributes(
                buffer.getInt(4),
                buffer.getLong(8),
                buffer.getInt(16),
                buffer.getInt(20),
                buffer.getLong(24),
                buffer.getLong(32),
                buffer.getLong(40),
                buffer.getInt(48),
                buffer.getInt(52));
    }

    public static void set(final int tid, final Attributes attributes) {
        final Scratch scratch = Scratch.get();
        final UnsafeBuffer buffer = scratch.structure();
        buffer.putInt(0, LENGTH);
        buffer.putInt(4, attributes.policy());
        buffer.putLong(8, attributes.flags());
        buffer.putInt(16, attributes.nice());
        buffer.putInt(20, attributes.priority());
        buffer.putLong(24, attributes.runtime());
        buffer.putLong(32, attributes.deadline());
        buffer.putLong(40, attributes.period());
        buffer.putInt(48, attributes.utilMin());
        buffer.putInt(52, attributes.utilMax());
        check(
                SystemCall.call(SyscallNumber.SCHED_SETATTR, tid, scratch.address(), 0),
                SyscallNumber.SCHED_SETATTR,
                tid);
    }

    /** Nice value, -20 to 19; the raw call gives 20 less it. */
    public static int nice(final int tid) {
        return 20
                - (int) check(
                        SystemCall.call(SyscallNumber.GETPRIORITY, PRIO_PROCESS, tid), SyscallNumber.GETPRIORITY, tid);
    }

    /** Class and level of a thread's disk access, {@code ioprio_get(2)}. */
    public static int ioPriority(final int tid) {
        return (int) check(
                SystemCall.call(SyscallNumber.IOPRIO_GET, IOPRIO_WHO_PROCESS, tid), SyscallNumber.IOPRIO_GET, tid);
    }

    /** The CPUs a thread may run on, bit 0 of the first word for CPU 0. */
    public static long[] affinity(final int tid) {
        final Scratch scratch = Scratch.get();
        final long result = SystemCall.call(SyscallNumber.SCHED_GETAFFINITY, tid, AFFINITY_LENGTH, scratch.address());
        final long[] words = new long[(int) check(result, SyscallNumber.SCHED_GETAFFINITY, tid) / 8];
        for (int i = 0; i < words.length; i++) {
            words[i] = scratch.structure().getLong(8 * i);
        }
        return words;
    }

    public static void setAffinity(final int tid, final long... words) {
        final Scratch scratch = Scratch.get();
        for (int i = 0; i < words.length; i++) {
            scratch.structure().putLong(8 * i, words[i]);
        }
        final long result = SystemCall.call(SyscallNumber.SCHED_SETAFFINITY, tid, 8L * words.length, scratch.address());
        check(result, SyscallNumber.SCHED_SETAFFINITY, tid);
    }

    private static long check(final long result, final int number, final int tid) {
        if (result == -Errno.ESRCH) {
            throw new VanishedException(SyscallNumber.describe(number), Errno.ESRCH, "tid=" + tid);
        }
        return SystemCall.check(result, number, "tid", tid);
    }
}
