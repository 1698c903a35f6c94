package io.baton.task.linux;

/** Offsets in the kernel's {@code siginfo_t}, 128 bytes. */
public final class SignalInfo {
    public static final int LENGTH = 128;

    public static final int SIGNAL = 0;
    public static final int ERRNO = 4;
    /** Why it was sent: {@code SI_USER}, {@code SI_QUEUE}, {@code CLD_EXITED} and so on. */
    public static final int CODE = 8;
    /** Sender, or the child of a {@code SIGCHLD}. */
    public static final int PID = 16;

    public static final int UID = 20;
    /** Exit code or signal of the child of a {@code SIGCHLD}. */
    public static final int STATUS = 24;
    /** The 8-byte value sent with {@code sigqueue}. */
    public static final int VALUE = 24;

    private SignalInfo() {}
}
