package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Waits for children and traced tasks. Source: {@code wait4(2)}, {@code waitid(2)}.
 *
 * <p>A traced task is told of only to the thread that seized it: always wait from there.
 */
public final class Wait {
    public static final int WNOHANG = 1;
    public static final int WUNTRACED = 2;
    public static final int WEXITED = 4;
    public static final int WCONTINUED = 8;
    public static final int WNOWAIT = 0x0100_0000;
    public static final int WNOTHREAD = 0x2000_0000;
    /** Tell of threads and other clone children too; needed for every traced thread that leads no process. */
    public static final int WALL = 0x4000_0000;

    public static final int P_ALL = 0;
    public static final int P_PID = 1;
    public static final int P_PGID = 2;
    public static final int P_PIDFD = 3;

    private static final int CLD_EXITED = 1;
    private static final int CLD_KILLED = 2;
    private static final int CLD_DUMPED = 3;
    private static final int CLD_TRAPPED = 4;
    private static final int CLD_STOPPED = 5;

    private Wait() {}

    /**
     * Waits for a change in a task; begins anew if a signal handler ran.
     *
     * @param pid of a child or traced task; -1 for any.
     * @param options such as {@link #WALL} or {@link #WNOHANG}.
     * @return its status; {@link WaitStatus#isNone} if there is none yet under {@code WNOHANG}.
     * @throws LinuxException ECHILD if there is no such child.
     */
    public static WaitStatus wait4(final int pid, final int options) {
        final Scratch scratch = Scratch.get();
        long result;
        do {
            result = SystemCall.call(SyscallNumber.WAIT4, pid, scratch.address(), options, 0);
        } while (result == -Errno.EINTR);
        SystemCall.check(result, SyscallNumber.WAIT4, "pid", pid);
        return new WaitStatus(
                (int) result, result == 0 ? 0 : scratch.structure().getInt(0));
    }

    /**
     * Waits for a child by pid, group or pidfd; begins anew if a signal handler ran.
     *
     * @param idType one of {@code P_...}.
     * @param options at least one of {@link #WEXITED}, {@link #WUNTRACED} (stopped), {@link #WCONTINUED};
     *     {@link #WNOWAIT} leaves it to be waited for again.
     * @return its status, written as {@code wait4} would.
     */
    public static WaitStatus waitId(final int idType, final int id, final int options) {
        final Scratch scratch = Scratch.get();
        final UnsafeBuffer info = scratch.structure();
        long result;
        do {
            info.setMemory(0, SignalInfo.LENGTH, (byte) 0);
            result = SystemCall.call(SyscallNumber.WAITID, idType, id, scratch.address(), options, 0);
        } while (result == -Errno.EINTR);
        SystemCall.check(result, SyscallNumber.WAITID, "id", id);
        final int pid = info.getInt(SignalInfo.PID);
        return new WaitStatus(pid, pid == 0 ? 0 : status(info.getInt(SignalInfo.CODE), info.getInt(SignalInfo.STATUS)));
    }

    private static int status(final int code, final int value) {
        switch (code) {
            case CLD_EXITED:
                return (value & 0xff) << 8;
            case CLD_KILLED:
                return value & 0x7f;
            case CLD_DUMPED:
                return (value & 0x7f) | 0x80;
            case CLD_TRAPPED:
            case CLD_STOPPED:
                return value << 8 | 0x7f;
            default:
                return 0xffff;
        }
    }
}
