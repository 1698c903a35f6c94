package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/** A range of mapped memory of this process, unmapped when closed. */
public final class Mapping implements AutoCloseable {
    public static final int PROT_NONE = 0;
    public static final int PROT_READ = 1;
    public static final int PROT_WRITE = 2;
    public static final int PROT_EXEC = 4;
    public static final int MAP_SHARED = 0x01;
    public static final int MAP_PRIVATE = 0x02;
    public static final int MAP_FIXED = 0x10;
    public static final int MAP_ANONYMOUS = 0x20;
    public static final int MAP_NORESERVE = 0x4000;
    public static final int MAP_POPULATE = 0x8000;
    public static final int MAP_FIXED_NOREPLACE = 0x10_0000;

    private final long address;
    private final long length;
    private boolean mapped = true;

    private Mapping(final long address, final long length) {
        this.address = address;
        this.length = length;
    }

    /**
     * Maps memory.
     *
     * @param address wanted, or 0 for any; obeyed only with {@code MAP_FIXED} or {@code MAP_FIXED_NOREPLACE}.
     * @param length in bytes.
     * @param fd to map, or -1 with {@code MAP_ANONYMOUS}.
     * @param offset in the file, a multiple of the page size.
     */
    public static Mapping map(
            final long address,
            final long length,
            final int protection,
            final int flags,
            final int fd,
            final long offset) {
        final long result = SystemCall.call(SyscallNumber.MMAP, address, length, protection, flags, fd, offset);
        return new Mapping(SystemCall.check(result, SyscallNumber.MMAP, "length", length), length);
    }

    /** Anonymous private memory, readable and writable. */
    public static Mapping anonymous(final long length) {
        return map(0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }

    public long address() {
        return address;
    }

    /** Length in bytes as asked for, which need not be whole pages. */
    public long length() {
        return length;
    }

    /** The whole range as a buffer; it must be shorter than 2 GiB. */
    public UnsafeBuffer buffer() {
        return buffer(0, Math.toIntExact(length));
    }

    /** A part of the range as a buffer; not to be used after {@link #close}. */
    public UnsafeBuffer buffer(final long offset, final int size) {
        if (offset < 0 || size < 0 || offset > length - size) {
            throw new IndexOutOfBoundsException(
                    "outside mapping: offset=" + offset + ", size=" + size + ", length=" + length);
        }
        return new UnsafeBuffer(address + offset, size);
    }

    /** Changes what may be done with the whole range. */
    public void protect(final int protection) {
        final long result = SystemCall.call(SyscallNumber.MPROTECT, address, length, protection);
        SystemCall.check(result, SyscallNumber.MPROTECT, "address", address);
    }

    @Override
    public void close() {
        if (mapped) {
            mapped = false;
            SystemCall.check(
                    SystemCall.call(SyscallNumber.MUNMAP, address, length), SyscallNumber.MUNMAP, "address", address);
        }
    }
}
