package io.baton.mktree.launch;

import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Spawner;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.Wait;
import io.baton.task.linux.WaitStatus;
import java.util.List;

/** This process as the parent; the thread that calls, as far as death signals go. */
public final class OwnParent implements Parent {
    public static final Parent SELF = new OwnParent();

    private static final int CLONE_NEWPID = 0x2000_0000;

    private OwnParent() {}

    @Override
    public int pid() {
        return Identity.pid();
    }

    @Override
    public int spawn(
            final Fd executable, final String name, final List<Given> descriptors, final boolean newPidNamespace) {
        // What the helper leaves behind becomes our child, so that we can reap it.
        Prctl.setChildSubreaper(true);
        final Spawner spawner = new Spawner("/proc/self/fd/" + executable.number(), name);
        descriptors.forEach(one -> spawner.dup(one.ours().number(), one.theirs()));
        return newPidNamespace ? spawnInNewNamespace(spawner) : spawner.spawn();
    }

    /** Only this thread's children are born into the namespace; and no thread could be, so it must go back. */
    private static int spawnInNewNamespace(final Spawner spawner) {
        try (Fd ours = Files.open("/proc/thread-self/ns/pid", Files.O_CLOEXEC)) {
            SystemCall.check(SystemCall.call(SyscallNumber.UNSHARE, CLONE_NEWPID), SyscallNumber.UNSHARE);
            try {
                return spawner.spawn();
            } finally {
                SystemCall.check(
                        SystemCall.call(SyscallNumber.SETNS, ours.number(), CLONE_NEWPID), SyscallNumber.SETNS);
            }
        }
    }

    @Override
    public WaitStatus reap(final int child) {
        return Wait.wait4(child, Wait.WNOHANG | Wait.WALL);
    }
}
