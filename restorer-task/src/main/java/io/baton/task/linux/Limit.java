package io.baton.task.linux;

/**
 * A soft and a hard resource limit of a process. Source: {@code prlimit(2)}.
 *
 * @param current {@link #INFINITY} for none, as is {@code maximum}.
 */
public record Limit(long current, long maximum) {
    public static final long INFINITY = -1;
    /** How many resources there are, numbered from 0. */
    public static final int COUNT = 16;

    public static final int RLIMIT_STACK = 3;
    public static final int RLIMIT_CORE = 4;
    public static final int RLIMIT_NOFILE = 7;

    /** A limit of a process, 0 for the caller; of another user's process it takes CAP_SYS_RESOURCE. */
    public static Limit get(final int pid, final int resource) {
        final Scratch scratch = Scratch.get();
        check(SystemCall.call(SyscallNumber.PRLIMIT64, pid, resource, 0, scratch.address()), pid);
        return new Limit(scratch.structure().getLong(0), scratch.structure().getLong(8));
    }

    public void set(final int pid, final int resource) {
        final Scratch scratch = Scratch.get();
        scratch.structure().putLong(0, current);
        scratch.structure().putLong(8, maximum);
        check(SystemCall.call(SyscallNumber.PRLIMIT64, pid, resource, scratch.address(), 0), pid);
    }

    private static void check(final long result, final int pid) {
        if (result == -Errno.ESRCH) {
            throw new VanishedException("prlimit64", Errno.ESRCH, "pid=" + pid);
        }
        SystemCall.check(result, SyscallNumber.PRLIMIT64, "pid", pid);
    }
}
