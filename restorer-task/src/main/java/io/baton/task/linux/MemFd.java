package io.baton.task.linux;

/** A memory file without a name in any file system, to be shared by inheriting or passing its descriptor. */
public final class MemFd implements AutoCloseable {
    public static final int SEAL_SEAL = 1;
    public static final int SEAL_SHRINK = 2;
    public static final int SEAL_GROW = 4;
    public static final int SEAL_WRITE = 8;
    public static final int SEAL_EXEC = 32;
    public static final int MFD_ALLOW_SEALING = 2;
    public static final int F_ADD_SEALS = 1033;
    public static final int F_GET_SEALS = 1034;

    private static final int MFD_CLOEXEC = 1;

    private final Fd fd;
    private long size;

    private MemFd(final Fd fd, final long size) {
        this.fd = fd;
        this.size = size;
    }

    /**
     * Makes a memory file, closed on exec, that may be sealed.
     *
     * @param name seen in {@code /proc/PID/maps} as {@code /memfd:name}.
     * @param size in bytes, all zero.
     */
    public static MemFd create(final String name, final long size) {
        final long result =
                SystemCall.call(SyscallNumber.MEMFD_CREATE, Scratch.get().path(name), MFD_CLOEXEC | MFD_ALLOW_SEALING);
        final MemFd file = new MemFd(Fd.own((int) SystemCall.check(result, SyscallNumber.MEMFD_CREATE, name)), 0);
        try {
            file.resize(size);
        } catch (final LinuxException e) {
            file.close();
            throw e;
        }
        return file;
    }

    public Fd fd() {
        return fd;
    }

    public long size() {
        return size;
    }

    public void resize(final long newSize) {
        final long result = SystemCall.call(SyscallNumber.FTRUNCATE, fd.number(), newSize);
        SystemCall.check(result, SyscallNumber.FTRUNCATE, "size", newSize);
        size = newSize;
    }

    /** Forbids changes for good, see {@code fcntl(2)} on file sealing. */
    public void seal(final int seals) {
        final long result = SystemCall.call(SyscallNumber.FCNTL, fd.number(), F_ADD_SEALS, seals);
        SystemCall.check(result, SyscallNumber.FCNTL, "seals", seals);
    }

    /** The seals of an open memory file. */
    public static int seals(final Fd file) {
        final long result = SystemCall.call(SyscallNumber.FCNTL, file.number(), F_GET_SEALS);
        return (int) SystemCall.check(result, SyscallNumber.FCNTL, "fd", file.number());
    }

    /** Maps the whole file, shared, readable and writable. The mapping outlives the descriptor. */
    public Mapping map() {
        return Mapping.map(0, size, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED, fd.number(), 0);
    }

    @Override
    public void close() {
        fd.close();
    }
}
