package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Watching memory for writes by userfaultfd(2), asynchronously: the first write to a protected page makes it {@link
 * PageMap#WRITTEN}, at the price of a fault, and nobody has to answer. The descriptor is made by a task of the process
 * itself ({@link SyscallNumber#USERFAULTFD} with {@link #FLAGS}) and works from any; when its last copy is closed, nothing
 * is watched any more. A mapping that is moved, and memory after a fork or an exec, is not watched. Sources: the kernel's
 * {@code admin-guide/mm/userfaultfd}, {@code include/uapi/linux/userfaultfd.h}; Linux 6.7 or later.
 */
public final class UserFaultFd {
    /** {@code UFFD_USER_MODE_ONLY}: without it, rights are needed. It has no effect on what is only watched. */
    public static final int FLAGS = Files.O_CLOEXEC | 1;

    private static final long UFFDIO_API = 0xc018_aa3fL;
    private static final long UFFDIO_REGISTER = 0xc020_aa00L;
    private static final long API = 0xaa;
    private static final long FEATURE_WP_UNPOPULATED = 1 << 13;
    private static final long FEATURE_WP_ASYNC = 1 << 15;
    private static final long MODE_WP = 2;

    private static final int FEATURES = 8;
    private static final int LENGTH = 8;
    private static final int MODE = 16;

    private UserFaultFd() {}

    /** Whether the kernel can do it; tried out. */
    public static boolean isSupported() {
        final long result = SystemCall.call(SyscallNumber.USERFAULTFD, FLAGS);
        if (result < 0) {
            return false;
        }
        try (Fd fd = Fd.own((int) result)) {
            begin(fd);
            return true;
        } catch (final LinuxException e) {
            return false;
        }
    }

    /**
     * To be called once for each descriptor, before all else.
     *
     * @throws LinuxException EINVAL if the kernel is too old.
     */
    public static void begin(final Fd fd) {
        final Scratch scratch = Scratch.get();
        final UnsafeBuffer argument = scratch.structure();
        argument.putLong(0, API);
        argument.putLong(FEATURES, FEATURE_WP_ASYNC | FEATURE_WP_UNPOPULATED);
        argument.putLong(MODE, 0);
        SystemCall.check(
                SystemCall.call(SyscallNumber.IOCTL, fd.number(), UFFDIO_API, scratch.address()), SyscallNumber.IOCTL);
    }

    /**
     * Watches a mapping from now on; one that is watched by the same descriptor already stays so.
     *
     * @return false if it cannot be watched, or another descriptor watches it.
     */
    public static boolean watch(final Fd fd, final long start, final long end) {
        final Scratch scratch = Scratch.get();
        final UnsafeBuffer argument = scratch.structure();
        argument.putLong(0, start);
        argument.putLong(LENGTH, end - start);
        argument.putLong(MODE, MODE_WP);
        argument.putLong(MODE + Long.BYTES, 0);
        return SystemCall.call(SyscallNumber.IOCTL, fd.number(), UFFDIO_REGISTER, scratch.address()) == 0;
    }
}
