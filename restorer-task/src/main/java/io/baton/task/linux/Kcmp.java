package io.baton.task.linux;

/**
 * Compares kernel objects of two tasks, without saying what they are. Source: {@code kcmp(2)}.
 *
 * <p>Results order the objects, so that equal ones can be found by sorting.
 */
public final class Kcmp {
    public static final int FILE = 0;
    public static final int VM = 1;
    public static final int FILES = 2;
    public static final int FS = 3;
    public static final int SIGHAND = 4;
    public static final int IO = 5;
    public static final int SYSVSEM = 6;

    private static final int EPOLL_TARGET = 7;

    private Kcmp() {}

    /** Compares two open files: whether they are one file description. Gives -1, 0 or 1. */
    public static int files(final int pid, final int fd, final int otherPid, final int otherFd) {
        return compare(FILE, pid, otherPid, fd, otherFd);
    }

    /**
     * Whether an open file is what an epoll set watches.
     *
     * @param target the descriptor's number when it was added.
     * @param which of those the set has under that number, in the order of its fdinfo.
     */
    public static boolean isWatched(
            final int pid, final int fd, final int otherPid, final int epoll, final int target, final int which) {
        final Scratch scratch = Scratch.get();
        scratch.structure().putInt(0, epoll);
        scratch.structure().putInt(4, target);
        scratch.structure().putInt(8, which);
        return compare(EPOLL_TARGET, pid, otherPid, fd, scratch.address()) == 0;
    }

    /** Compares what {@code type} says of two tasks. Gives -1, 0 or 1. */
    public static int tasks(final int type, final int tid, final int otherTid) {
        return compare(type, tid, otherTid, 0, 0);
    }

    private static int compare(final int type, final int pid, final int otherPid, final long a, final long b) {
        final long result = SystemCall.call(SyscallNumber.KCMP, pid, otherPid, type, a, b);
        if (result == -Errno.ESRCH) {
            throw new VanishedException("kcmp", Errno.ESRCH, "pid=" + pid + ", other=" + otherPid);
        }
        final int order = (int) SystemCall.check(result, SyscallNumber.KCMP, "pid", pid);
        if (order == 3) {
            throw new LinuxException("kcmp", Errno.EOPNOTSUPP, "unordered: type=" + type);
        }
        return order == 0 ? 0 : order == 1 ? -1 : 1;
    }
}
