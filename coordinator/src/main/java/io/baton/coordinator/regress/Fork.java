package io.baton.coordinator.regress;

import io.baton.task.linux.Signals;
import java.util.List;

/**
 * How a task is to be made.
 *
 * @param flags of clone3(2)
 * @param exitSignal what its parent gets when it ends
 * @param pids wanted, innermost namespace first; none: any
 * @param init whether it is the first task of another pid namespace: what it calls its children are no pids of ours
 * @param diesWithParent whether it is killed when the thread that made it ends
 */
public record Fork(long flags, int exitSignal, List<Integer> pids, boolean init, boolean diesWithParent) {
    public static final long CLONE_VM = 0x100;
    public static final long CLONE_FILES = 0x400;
    public static final long CLONE_PARENT = 0x8000;
    public static final long CLONE_THREAD = 0x1_0000;
    public static final long CLONE_NEWNS = 0x2_0000;
    public static final long CLONE_NEWUSER = 0x1000_0000;
    public static final long CLONE_NEWPID = 0x2000_0000;
    public static final long CLONE_NEWTIME = 0x80;

    private static final long CLONE_FS = 0x200;
    private static final long CLONE_SIGHAND = 0x800;
    private static final long CLONE_SYSVSEM = 0x4_0000;

    /** An ordinary child. */
    public static Fork child() {
        return new Fork(0, Signals.SIGCHLD, List.of(), false, true);
    }

    /** A thread of the same process. */
    public static Fork thread() {
        long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
        return new Fork(flags, 0, List.of(), false, false);
    }

    /** With these flags too. */
    public Fork with(long more) {
        return new Fork(flags | more, exitSignal, pids, init || (more & CLONE_NEWPID) != 0, diesWithParent);
    }

    public Fork exitSignal(int signal) {
        return new Fork(flags, signal, pids, init, diesWithParent);
    }

    public Fork pids(Integer... wanted) {
        return new Fork(flags, exitSignal, List.of(wanted), init, diesWithParent);
    }

    /** By a task that has called unshare(2) or setns(2) for a pid namespace. */
    public Fork asInit() {
        return new Fork(flags, exitSignal, pids, true, diesWithParent);
    }

    /** It lives on when its parent ends. */
    public Fork outliving() {
        return new Fork(flags, exitSignal, pids, init, false);
    }

    boolean isThread() {
        return (flags & CLONE_THREAD) != 0;
    }
}
