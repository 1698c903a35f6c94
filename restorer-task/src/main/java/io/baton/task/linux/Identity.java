package io.baton.task.linux;

/** Who a task is: its numbers, group, session and execution domain. */
public final class Identity {
    private static final long PERSONALITY_QUERY = 0xffff_ffffL;

    private Identity() {}

    public static int pid() {
        return (int) SystemCall.call(SyscallNumber.GETPID);
    }

    /** The kernel's id of the calling thread. */
    public static int tid() {
        return (int) SystemCall.call(SyscallNumber.GETTID);
    }

    public static int parent() {
        return (int) SystemCall.call(SyscallNumber.GETPPID);
    }

    public static int uid() {
        return (int) SystemCall.call(SyscallNumber.GETUID);
    }

    /** Process group of a process; 0 for the caller. */
    public static int processGroup(final int pid) {
        return look(SystemCall.call(SyscallNumber.GETPGID, pid), SyscallNumber.GETPGID, pid);
    }

    /** Session of a process; 0 for the caller. */
    public static int session(final int pid) {
        return look(SystemCall.call(SyscallNumber.GETSID, pid), SyscallNumber.GETSID, pid);
    }

    /** Puts a child that has not yet called exec, or the caller (0), into a process group. */
    public static void setProcessGroup(final int pid, final int group) {
        SystemCall.check(SystemCall.call(SyscallNumber.SETPGID, pid, group), SyscallNumber.SETPGID, "pid", pid);
    }

    /** The caller's execution domain, {@code personality(2)}. */
    public static int personality() {
        return (int) SystemCall.call(SyscallNumber.PERSONALITY, PERSONALITY_QUERY);
    }

    private static int look(final long result, final int number, final int pid) {
        if (result == -Errno.ESRCH) {
            throw new VanishedException(SyscallNumber.describe(number), Errno.ESRCH, "pid=" + pid);
        }
        return (int) SystemCall.check(result, number, "pid", pid);
    }
}
