package io.baton.task.linux;

/**
 * Both ends of a pipe, and what moves data between pipes without a copy. Source: {@code pipe2(2)}, {@code splice(2)}.
 */
public record Pipe(Fd reader, Fd writer) implements AutoCloseable {
    public static final int SPLICE_F_MOVE = 1;
    public static final int SPLICE_F_NONBLOCK = 2;
    public static final int SPLICE_F_MORE = 4;

    /** Makes a pipe; {@code flags} such as {@link Files#O_CLOEXEC}. */
    public static Pipe create(final int flags) {
        final Scratch scratch = Scratch.get();
        SystemCall.check(SystemCall.call(SyscallNumber.PIPE2, scratch.address(), flags), SyscallNumber.PIPE2);
        return new Pipe(
                Fd.own(scratch.structure().getInt(0)),
                Fd.own(scratch.structure().getInt(4)));
    }

    /**
     * Moves data between two descriptors, one of them a pipe, at their file offsets.
     *
     * @return bytes moved, 0 at the end.
     */
    public static long splice(final int from, final int to, final long length, final int flags) {
        final long result = SystemCall.call(SyscallNumber.SPLICE, from, 0, to, 0, length, flags);
        return SystemCall.check(result, SyscallNumber.SPLICE, "fd", from);
    }

    /**
     * Copies data from one pipe to another; it stays in the first.
     *
     * @return bytes copied; 0 only if there is no writer any more.
     */
    public static long tee(final int from, final int to, final long length, final int flags) {
        final long result = SystemCall.call(SyscallNumber.TEE, from, to, length, flags);
        return SystemCall.check(result, SyscallNumber.TEE, "fd", from);
    }

    @Override
    public void close() {
        reader.close();
        writer.close();
    }
}
