package io.baton.task.linux;

/** What a task may say of itself. Each is of the calling thread unless said otherwise. Source: {@code prctl(2)}. */
public final class Prctl {
    private static final int PR_SET_PDEATHSIG = 1;
    private static final int PR_GET_PDEATHSIG = 2;
    private static final int PR_GET_DUMPABLE = 3;
    private static final int PR_SET_DUMPABLE = 4;
    private static final int PR_SET_NAME = 15;
    private static final int PR_GET_NAME = 16;
    private static final int PR_SET_CHILD_SUBREAPER = 36;
    private static final int PR_GET_CHILD_SUBREAPER = 37;
    private static final int NAME_LENGTH = 16;

    private Prctl() {}

    /** Any {@code prctl}. */
    public static long control(final int option, final long a, final long b, final long c, final long d) {
        return SystemCall.check(
                SystemCall.call(SyscallNumber.PRCTL, option, a, b, c, d), SyscallNumber.PRCTL, "option", option);
    }

    /** Makes this process the one its descendants' orphans come to. Of the process. */
    public static void setChildSubreaper(final boolean on) {
        control(PR_SET_CHILD_SUBREAPER, on ? 1 : 0, 0, 0, 0);
    }

    public static boolean isChildSubreaper() {
        final Scratch scratch = Scratch.get();
        control(PR_GET_CHILD_SUBREAPER, scratch.address(), 0, 0, 0);
        return scratch.structure().getInt(0) != 0;
    }

    /** The signal this process gets when the <em>thread</em> that made it ends; 0 for none. Of the process. */
    public static void setParentDeathSignal(final int signal) {
        control(PR_SET_PDEATHSIG, signal, 0, 0, 0);
    }

    public static int parentDeathSignal() {
        final Scratch scratch = Scratch.get();
        control(PR_GET_PDEATHSIG, scratch.address(), 0, 0, 0);
        return scratch.structure().getInt(0);
    }

    /** Whether this process may be traced by its own user and dumps core: 0, 1, or 2 (root only). Of the process. */
    public static int dumpable() {
        return (int) control(PR_GET_DUMPABLE, 0, 0, 0, 0);
    }

    public static void setDumpable(final int value) {
        control(PR_SET_DUMPABLE, value, 0, 0, 0);
    }

    /** The thread's name, cut to 15 bytes. */
    public static void setName(final String name) {
        control(PR_SET_NAME, Scratch.get().path(name), 0, 0, 0);
    }

    public static String name() {
        final Scratch scratch = Scratch.get();
        control(PR_GET_NAME, scratch.address(), 0, 0, 0);
        return Memory.readCString(scratch.structure(), 0, NAME_LENGTH);
    }
}
