package io.baton.task.linux;

/** Opens, reads, writes and examines files. Descriptors are plain numbers; {@link #AT_FDCWD} means none. */
public final class Files {
    public static final int O_RDONLY = 0;
    public static final int O_WRONLY = 1;
    public static final int O_RDWR = 2;
    public static final int O_ACCMODE = 3;
    public static final int O_CREAT = 0x40;
    public static final int O_EXCL = 0x80;
    public static final int O_NOCTTY = 0x100;
    public static final int O_TRUNC = 0x200;
    public static final int O_APPEND = 0x400;
    public static final int O_NONBLOCK = 0x800;
    public static final int O_DSYNC = 0x1000;
    public static final int FASYNC = 0x2000;
    public static final int O_DIRECT = 0x4000;
    public static final int O_LARGEFILE = 0x8000;
    public static final int O_DIRECTORY = 0x1_0000;
    public static final int O_NOFOLLOW = 0x2_0000;
    public static final int O_NOATIME = 0x4_0000;
    public static final int O_CLOEXEC = 0x8_0000;
    public static final int O_PATH = 0x20_0000;
    public static final int O_TMPFILE = 0x41_0000;

    public static final int AT_FDCWD = -100;
    public static final int AT_SYMLINK_NOFOLLOW = 0x100;
    public static final int AT_REMOVEDIR = 0x200;
    public static final int AT_SYMLINK_FOLLOW = 0x400;
    public static final int AT_EMPTY_PATH = 0x1000;

    public static final int FALLOC_FL_KEEP_SIZE = 1;
    public static final int FALLOC_FL_PUNCH_HOLE = 2;

    private static final int STATX_MNT_ID = 0x1000;
    private static final int STATX_MNT_ID_OFFSET = 144;

    private Files() {}

    /** Opens a file by path; add {@link #O_CLOEXEC} unless a child is to have it. */
    public static Fd open(final String path, final int flags) {
        return openAt(AT_FDCWD, path, flags, 0);
    }

    /** Opens or makes a file; {@code mode} is what permissions it is made with, less the umask. */
    public static Fd open(final String path, final int flags, final int mode) {
        return openAt(AT_FDCWD, path, flags, mode);
    }

    public static Fd openAt(final int directory, final String path, final int flags, final int mode) {
        final long result =
                SystemCall.call(SyscallNumber.OPENAT, directory, Scratch.get().path(path), flags, mode);
        return Fd.own((int) SystemCall.check(result, SyscallNumber.OPENAT, path));
    }

    /**
     * Reads once, again only if a signal handler ran.
     *
     * @return bytes read, 0 at the end.
     */
    public static int read(final int fd, final long address, final int length) {
        long result;
        do {
            result = SystemCall.call(SyscallNumber.READ, fd, address, length);
        } while (result == -Errno.EINTR);
        return (int) SystemCall.check(result, SyscallNumber.READ, "fd", fd);
    }

    public static int pread(final int fd, final long address, final int length, final long offset) {
        final long result = SystemCall.call(SyscallNumber.PREAD64, fd, address, length, offset);
        return (int) SystemCall.check(result, SyscallNumber.PREAD64, "fd", fd);
    }

    /** Writes once, again only if a signal handler ran before anything was written. */
    public static int write(final int fd, final long address, final int length) {
        long result;
        do {
            result = SystemCall.call(SyscallNumber.WRITE, fd, address, length);
        } while (result == -Errno.EINTR);
        return (int) SystemCall.check(result, SyscallNumber.WRITE, "fd", fd);
    }

    public static int pwrite(final int fd, final long address, final int length, final long offset) {
        final long result = SystemCall.call(SyscallNumber.PWRITE64, fd, address, length, offset);
        return (int) SystemCall.check(result, SyscallNumber.PWRITE64, "fd", fd);
    }

    /**
     * Writes all, or throws.
     *
     * @throws LinuxException of the write that failed; ENOSPC if one wrote nothing.
     */
    public static void writeFully(final int fd, final long address, final long length) {
        long done = 0;
        while (done < length) {
            final int written = write(fd, address + done, (int) Math.min(length - done, 1 << 30));
            if (written == 0) {
                throw new LinuxException("write", Errno.ENOSPC, "fd=" + fd);
            }
            done += written;
        }
    }

    /**
     * Reads into several pieces of memory at once.
     *
     * @param vector address of {@code count} pairs of address and length, 8 bytes each.
     * @return bytes read, which may be fewer than asked for.
     */
    public static long preadVector(final int fd, final long vector, final int count, final long offset) {
        final long result = SystemCall.call(SyscallNumber.PREADV, fd, vector, count, offset, 0);
        return SystemCall.check(result, SyscallNumber.PREADV, "fd", fd);
    }

    /**
     * Moves the file offset; {@code whence} is 0 from the start, 1 from here, 2 from the end, 3 to data, 4 to a hole.
     */
    public static long seek(final int fd, final long offset, final int whence) {
        return SystemCall.check(
                SystemCall.call(SyscallNumber.LSEEK, fd, offset, whence), SyscallNumber.LSEEK, "fd", fd);
    }

    public static void truncate(final int fd, final long length) {
        SystemCall.check(SystemCall.call(SyscallNumber.FTRUNCATE, fd, length), SyscallNumber.FTRUNCATE, "fd", fd);
    }

    public static void allocate(final int fd, final int mode, final long offset, final long length) {
        final long result = SystemCall.call(SyscallNumber.FALLOCATE, fd, mode, offset, length);
        SystemCall.check(result, SyscallNumber.FALLOCATE, "fd", fd);
    }

    /** Waits until the file is on its device. */
    public static void sync(final int fd) {
        SystemCall.check(SystemCall.call(SyscallNumber.FSYNC, fd), SyscallNumber.FSYNC, "fd", fd);
    }

    /** Status of an open file. */
    public static FileStatus status(final int fd) {
        final Scratch scratch = Scratch.get();
        SystemCall.check(SystemCall.call(SyscallNumber.FSTAT, fd, scratch.address()), SyscallNumber.FSTAT, "fd", fd);
        return FileStatus.decode(scratch.structure());
    }

    /** Status of a file by path; {@code flags} such as {@link #AT_SYMLINK_NOFOLLOW}. */
    public static FileStatus statusAt(final int directory, final String path, final int flags) {
        final Scratch scratch = Scratch.get();
        final long result =
                SystemCall.call(SyscallNumber.NEWFSTATAT, directory, scratch.path(path), scratch.address(), flags);
        SystemCall.check(result, SyscallNumber.NEWFSTATAT, path);
        return FileStatus.decode(scratch.structure());
    }

    /** The mount an open file is on, the id of {@code /proc/PID/mountinfo}. */
    public static long mountId(final int fd) {
        final Scratch scratch = Scratch.get();
        final long result = SystemCall.call(
                SyscallNumber.STATX, fd, scratch.path(""), AT_EMPTY_PATH, STATX_MNT_ID, scratch.address());
        SystemCall.check(result, SyscallNumber.STATX, "fd", fd);
        return scratch.structure().getLong(STATX_MNT_ID_OFFSET);
    }

    public static String readLink(final String path) {
        return readLinkAt(AT_FDCWD, path);
    }

    /**
     * Target of a symbolic link; an empty path means the link {@code directory} was opened on, by {@link #O_PATH}.
     */
    public static String readLinkAt(final int directory, final String path) {
        final Scratch scratch = Scratch.get();
        final long result = SystemCall.call(
                SyscallNumber.READLINKAT, directory, scratch.path(path), scratch.address(), Scratch.PATH_LENGTH);
        final int length = (int) SystemCall.check(result, SyscallNumber.READLINKAT, path);
        return Memory.readString(scratch.structure(), 0, length);
    }

    /** Makes a directory, with permissions {@code mode} less the umask. */
    public static void makeDirectoryAt(final int directory, final String path, final int mode) {
        final long result =
                SystemCall.call(SyscallNumber.MKDIRAT, directory, Scratch.get().path(path), mode);
        SystemCall.check(result, SyscallNumber.MKDIRAT, path);
    }

    /** Makes a fifo, device or socket file; {@code mode} has its type. */
    public static void makeNodeAt(final int directory, final String path, final int mode, final long device) {
        final long result =
                SystemCall.call(SyscallNumber.MKNODAT, directory, Scratch.get().path(path), mode, device);
        SystemCall.check(result, SyscallNumber.MKNODAT, path);
    }

    /** Removes a name; with {@link #AT_REMOVEDIR} that of an empty directory. */
    public static void unlinkAt(final int directory, final String path, final int flags) {
        final long result =
                SystemCall.call(SyscallNumber.UNLINKAT, directory, Scratch.get().path(path), flags);
        SystemCall.check(result, SyscallNumber.UNLINKAT, path);
    }

    /** Gives a file a second name. */
    public static void linkAt(
            final int directory, final String path, final int newDirectory, final String newPath, final int flags) {
        final Scratch scratch = Scratch.get();
        final long result = SystemCall.call(
                SyscallNumber.LINKAT, directory, scratch.path(path), newDirectory, scratch.secondPath(newPath), flags);
        SystemCall.check(result, SyscallNumber.LINKAT, newPath);
    }

    public static void changeMode(final int fd, final int mode) {
        SystemCall.check(SystemCall.call(SyscallNumber.FCHMOD, fd, mode), SyscallNumber.FCHMOD, "fd", fd);
    }

    public static void changeOwner(final int fd, final int uid, final int gid) {
        SystemCall.check(SystemCall.call(SyscallNumber.FCHOWN, fd, uid, gid), SyscallNumber.FCHOWN, "fd", fd);
    }

    /** A device's own request; the argument is a number or an address as the request says. */
    public static int ioctl(final int fd, final long request, final long argument) {
        final long result = SystemCall.call(SyscallNumber.IOCTL, fd, request, argument);
        return (int) SystemCall.check(result, SyscallNumber.IOCTL, "fd", fd);
    }
}
