package io.baton.task.linux;

/**
 * A handle on a process that stays with that process: after its death the pid may be another's, the handle never is.
 * Polls as readable once the process is dead.
 */
public final class PidFd implements AutoCloseable {
    private static final int PIDFD_THREAD = 0x80;

    private final int pid;
    private final Fd fd;

    private PidFd(final int pid, final Fd fd) {
        this.pid = pid;
        this.fd = fd;
    }

    /**
     * Opens a handle on a process.
     *
     * @throws VanishedException if there is no such process.
     */
    public static PidFd open(final int pid) {
        return open(pid, 0);
    }

    /**
     * Opens a handle on one thread, for descriptors of a process whose leader is dead.
     *
     * @throws LinuxException EINVAL before Linux 6.9.
     */
    public static PidFd openThread(final int tid) {
        return open(tid, PIDFD_THREAD);
    }

    private static PidFd open(final int pid, final int flags) {
        final long result = SystemCall.call(SyscallNumber.PIDFD_OPEN, pid, flags);
        if (result == -Errno.ESRCH) {
            throw new VanishedException("pidfd_open", Errno.ESRCH, "pid=" + pid);
        }
        return new PidFd(pid, Fd.own((int) SystemCall.check(result, SyscallNumber.PIDFD_OPEN, "pid", pid)));
    }

    public int pid() {
        return pid;
    }

    public Fd fd() {
        return fd;
    }

    /**
     * Sends a signal; 0 only asks whether it could be sent.
     *
     * @return whether the process was there to receive it; a zombie is.
     */
    public boolean signal(final int signal) {
        final long result = SystemCall.call(SyscallNumber.PIDFD_SEND_SIGNAL, fd.number(), signal, 0, 0);
        if (result == -Errno.ESRCH) {
            return false;
        }
        SystemCall.check(result, SyscallNumber.PIDFD_SEND_SIGNAL, "pid", pid);
        return true;
    }

    /** A copy of one of the process's descriptors, sharing its file description; needs the right to trace it. */
    public Fd fetch(final int theirs) {
        final long result = SystemCall.call(SyscallNumber.PIDFD_GETFD, fd.number(), theirs, 0);
        if (result == -Errno.ESRCH) {
            throw new VanishedException("pidfd_getfd", Errno.ESRCH, "pid=" + pid);
        }
        return Fd.own((int) SystemCall.check(result, SyscallNumber.PIDFD_GETFD, "fd", theirs));
    }

    /** Waits for this process, a child of ours, see {@link Wait#waitId}. */
    public WaitStatus await(final int options) {
        return Wait.waitId(Wait.P_PIDFD, fd.number(), options);
    }

    @Override
    public void close() {
        fd.close();
    }
}
