package io.baton.coordinator.state.namespaces;

import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;

/** To whom a namespace belongs. Source: {@code ioctl_nsfs(2)}. */
final class NamespaceOwner {
    private static final int NS_GET_USERNS = 0xb701;
    private static final int NS_GET_PARENT = 0xb702;
    private static final int NS_GET_OWNER_UID = 0xb704;
    private static final String OUTSIDE = "another that is none of ours";

    private NamespaceOwner() {}

    /** The user namespace that a task's namespace belongs to, as {@code /proc/PID/ns/user} names it. */
    static String userNamespace(int task, Namespace namespace) {
        return related(task, namespace, NS_GET_USERNS);
    }

    /** The parent of a task's user namespace, likewise. */
    static String parent(int task) {
        return related(task, Namespace.USER, NS_GET_PARENT);
    }

    private static String related(int task, Namespace namespace, int which) {
        try (Fd fd = open(task, namespace)) {
            long result = SystemCall.call(SyscallNumber.IOCTL, fd.number(), which, 0);
            if (result == -Errno.EPERM) {
                return OUTSIDE;
            }
            try (Fd other = Fd.own((int) SystemCall.check(result, SyscallNumber.IOCTL))) {
                return "user:["
                        + Long.toUnsignedString(Files.status(other.number()).ino()) + "]";
            }
        }
    }

    /** The user, as we know him, to whom a task's user namespace belongs. */
    static int owner(int task) {
        try (Fd fd = open(task, Namespace.USER);
                Memory uid = Memory.allocate(Long.BYTES)) {
            Files.ioctl(fd.number(), NS_GET_OWNER_UID, uid.address());
            return uid.buffer().getInt(0);
        }
    }

    /** @throws LinuxException if the task has gone */
    private static Fd open(int task, Namespace namespace) {
        return Files.open("/proc/" + task + "/" + namespace.link(), Files.O_RDONLY | Files.O_CLOEXEC);
    }
}
