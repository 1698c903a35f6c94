package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Asks whether this process may make tasks with chosen ids. It never makes one: a JVM cannot be forked. Source:
 * {@code clone3(2)}.
 */
public final class Clone3 {
    private static final int ARGUMENTS_LENGTH = 88;
    private static final int CLONE_VM = 0x100;
    private static final int CLONE_VFORK = 0x4000;

    private Clone3() {}

    /** What the kernel says to a chosen id. */
    public enum SetTid {
        /** It may be chosen. */
        ALLOWED,
        /** It takes CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN over the pid namespace's user namespace. */
        FORBIDDEN,
        /** The kernel is older than 5.5. */
        UNSUPPORTED
    }

    /**
     * Asks for a task with an id that is taken, our own: the kernel looks at the permission first, and at the id
     * before there is anything that could run.
     */
    public static SetTid probeSetTid() {
        final Scratch scratch = Scratch.get();
        final UnsafeBuffer arguments = scratch.structure();
        arguments.setMemory(0, ARGUMENTS_LENGTH, (byte) 0);
        arguments.putLong(0, CLONE_VM | CLONE_VFORK);
        arguments.putLong(64, scratch.address() + ARGUMENTS_LENGTH);
        arguments.putLong(72, 1);
        arguments.putInt(ARGUMENTS_LENGTH, Identity.pid());
        final long result = SystemCall.call(SyscallNumber.CLONE3, scratch.address(), ARGUMENTS_LENGTH);
        if (result == -Errno.EEXIST) {
            return SetTid.ALLOWED;
        } else if (result == -Errno.EPERM) {
            return SetTid.FORBIDDEN;
        } else if (result == -Errno.ENOSYS || result == -Errno.E2BIG || result == -Errno.EINVAL) {
            return SetTid.UNSUPPORTED;
        }
        throw LinuxException.of(SyscallNumber.CLONE3, result, "set_tid");
    }
}
