package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads and writes another process's memory, as far as its mappings' protections allow. Needs the right to trace it,
 * not that it be traced. Source: {@code process_vm_readv(2)}.
 *
 * <p>A transfer ends at the first page that is not there: then fewer bytes are moved than asked for, and EFAULT only
 * if none was.
 */
public final class ProcessMemory {
    /** At most so many pieces in one call. */
    public static final int IOV_MAX = 1024;

    private ProcessMemory() {}

    /**
     * Reads.
     *
     * @param theirs address in the process.
     * @param ours address here.
     * @return bytes read, fewer if a page is missing.
     * @throws VanishedException if there is no such process.
     */
    public static long read(final int pid, final long theirs, final long ours, final long length) {
        return transfer(SyscallNumber.PROCESS_VM_READV, pid, theirs, ours, length);
    }

    /** Writes, see {@link #read}. */
    public static long write(final int pid, final long theirs, final long ours, final long length) {
        return transfer(SyscallNumber.PROCESS_VM_WRITEV, pid, theirs, ours, length);
    }

    /** Reads one 64-bit word. */
    public static long readLong(final int pid, final long theirs) {
        final Scratch scratch = Scratch.get();
        final int offset = 64;
        if (read(pid, theirs, scratch.address() + offset, 8) != 8) {
            throw new LinuxException("process_vm_readv", Errno.EFAULT, "pid=" + pid);
        }
        return scratch.structure().getLong(offset);
    }

    /**
     * Reads several pieces at once.
     *
     * @param ours address of {@code ourCount} pairs of address and length here, 8 bytes each.
     * @param theirs address, here, of {@code theirCount} such pairs in the process.
     * @return bytes read in all.
     */
    public static long readVector(
            final int pid, final long ours, final int ourCount, final long theirs, final int theirCount) {
        return check(
                SystemCall.call(SyscallNumber.PROCESS_VM_READV, pid, ours, ourCount, theirs, theirCount, 0),
                SyscallNumber.PROCESS_VM_READV,
                pid);
    }

    /** Writes several pieces at once, see {@link #readVector}. */
    public static long writeVector(
            final int pid, final long ours, final int ourCount, final long theirs, final int theirCount) {
        return check(
                SystemCall.call(SyscallNumber.PROCESS_VM_WRITEV, pid, ours, ourCount, theirs, theirCount, 0),
                SyscallNumber.PROCESS_VM_WRITEV,
                pid);
    }

    private static long transfer(
            final int number, final int pid, final long theirs, final long ours, final long length) {
        final Scratch scratch = Scratch.get();
        final UnsafeBuffer vectors = scratch.structure();
        vectors.putLong(0, ours);
        vectors.putLong(8, length);
        vectors.putLong(16, theirs);
        vectors.putLong(24, length);
        final long address = scratch.address();
        return check(SystemCall.call(number, pid, address, 1, address + 16, 1, 0), number, pid);
    }

    private static long check(final long result, final int number, final int pid) {
        if (result == -Errno.ESRCH) {
            throw new VanishedException(SyscallNumber.describe(number), Errno.ESRCH, "pid=" + pid);
        }
        return SystemCall.check(result, number, "pid", pid);
    }
}
