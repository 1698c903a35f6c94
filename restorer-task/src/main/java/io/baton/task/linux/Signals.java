package io.baton.task.linux;

/** Numbers and names of signals, and sending them. Source: {@code signal(7)}. */
public final class Signals {
    public static final int SIGHUP = 1;
    public static final int SIGINT = 2;
    public static final int SIGTRAP = 5;
    public static final int SIGBUS = 7;
    public static final int SIGKILL = 9;
    public static final int SIGUSR1 = 10;
    public static final int SIGSEGV = 11;
    public static final int SIGUSR2 = 12;
    public static final int SIGPIPE = 13;
    public static final int SIGALRM = 14;
    public static final int SIGTERM = 15;
    public static final int SIGCHLD = 17;
    public static final int SIGCONT = 18;
    public static final int SIGSTOP = 19;
    public static final int SIGTSTP = 20;
    public static final int SIGTTIN = 21;
    public static final int SIGTTOU = 22;
    public static final int SIGSYS = 31;
    public static final int SIGRTMIN = 32;
    public static final int COUNT = 64;

    private static final String NAMES = " HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT"
            + " CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";

    /** handler, flags, restorer, mask: all zero is SIG_DFL. Source: asm/signal.h */
    private static final int ACTION_LENGTH = 32;

    private Signals() {}

    /** The bit of a signal in a 64-bit signal set, as the kernel has it: bit 0 for signal 1. */
    public static long bit(final int signal) {
        return 1L << (signal - 1);
    }

    /**
     * Name such as {@code SIGCHLD} or, from 32 on, {@code SIG34}: what a library makes of those is its own affair.
     */
    public static String nameOf(final int signal) {
        final String[] names = NAMES.split(" ");
        return "SIG".concat(signal > 0 && signal < names.length ? names[signal] : Integer.toString(signal));
    }

    /**
     * Signals a process, a group (negative) or all of our own group (0). A {@link PidFd} is the better way where
     * there is one.
     *
     * @return whether there was one to signal.
     */
    public static boolean kill(final int pid, final int signal) {
        return sent(SystemCall.call(SyscallNumber.KILL, pid, signal), SyscallNumber.KILL, pid);
    }

    /**
     * Signals one thread.
     *
     * @return whether it was there.
     */
    public static boolean killThread(final int pid, final int tid, final int signal) {
        return sent(SystemCall.call(SyscallNumber.TGKILL, pid, tid, signal), SyscallNumber.TGKILL, tid);
    }

    /**
     * Queues a signal with all its information. The kernel lets a process say only to itself that it came from the
     * kernel or {@code kill} (a code of 0 or more).
     *
     * @param info address of a {@code siginfo_t}, {@link SignalInfo#LENGTH} bytes.
     */
    public static boolean queueThread(final int pid, final int tid, final int signal, final long info) {
        final long result = SystemCall.call(SyscallNumber.RT_TGSIGQUEUEINFO, pid, tid, signal, info);
        return sent(result, SyscallNumber.RT_TGSIGQUEUEINFO, tid);
    }

    /** As {@link #queueThread}, to the process as a whole. */
    public static boolean queue(final int pid, final int signal, final long info) {
        return sent(
                SystemCall.call(SyscallNumber.RT_SIGQUEUEINFO, pid, signal, info), SyscallNumber.RT_SIGQUEUEINFO, pid);
    }

    private static boolean sent(final long result, final int number, final int id) {
        if (result == -Errno.ESRCH) {
            return false;
        }
        SystemCall.check(result, number, "pid", id);
        return true;
    }

    /** Gives a signal its default action in this process, behind the JVM's back. */
    public static void restoreDefault(final int signal) {
        try (Memory action = Memory.allocate(ACTION_LENGTH)) {
            action.buffer().setMemory(0, ACTION_LENGTH, (byte) 0);
            SystemCall.call(SyscallNumber.RT_SIGACTION, signal, action.address(), 0, Long.BYTES);
        }
    }
}
