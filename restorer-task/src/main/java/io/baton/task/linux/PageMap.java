package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Which pages of a process are there, and of what kind: {@code /proc/PID/pagemap}. Addresses and lengths are whole
 * pages of 4096 bytes. Source: the kernel's {@code admin-guide/mm/pagemap}.
 */
public final class PageMap implements AutoCloseable {
    public static final int PAGE_SIZE = 4096;

    /** The page is in a range watched for writes by userfaultfd, asynchronously. */
    public static final int WPALLOWED = 1;

    public static final int WRITTEN = 2;
    /** The page is of a file, or shared anonymous memory. */
    public static final int FILE = 4;

    public static final int PRESENT = 8;
    public static final int SWAPPED = 16;
    /** The page is the page of zeros. */
    public static final int PFNZERO = 32;

    public static final int HUGE = 64;
    public static final int SOFT_DIRTY = 128;
    public static final int GUARD = 256;

    /** Bits of a classic entry. */
    public static final long ENTRY_PRESENT = 1L << 63;

    public static final long ENTRY_SWAPPED = 1L << 62;
    public static final long ENTRY_FILE = 1L << 61;
    public static final long ENTRY_GUARD = 1L << 58;
    public static final long ENTRY_WRITE_PROTECTED = 1L << 57;
    public static final long ENTRY_EXCLUSIVE = 1L << 56;
    public static final long ENTRY_SOFT_DIRTY = 1L << 55;

    /** {@code _IOWR('f', 16, struct pm_scan_arg)}. */
    private static final long PAGEMAP_SCAN = 0xc060_6610L;

    private static final int ARGUMENT_LENGTH = 96;
    private static final int REGION_LENGTH = 24;
    private static final int REGIONS = 512;

    private static final int PM_SCAN_WP_MATCHING = 1;
    private static final int PM_SCAN_CHECK_WPASYNC = 2;

    private static final int SIZE = 0;
    private static final int FLAGS = 8;
    private static final int START = 16;
    private static final int END = 24;
    private static final int WALK_END = 32;
    private static final int VECTOR = 40;
    private static final int VECTOR_LENGTH = 48;
    private static final int INVERTED = 64;
    private static final int ALL_OF = 72;
    private static final int ANY_OF = 80;
    private static final int RETURN = 88;

    private final int pid;
    private final Fd fd;
    private final Memory memory = Memory.allocate(ARGUMENT_LENGTH + REGIONS * REGION_LENGTH);
    private final UnsafeBuffer buffer = memory.buffer();

    /** Told of one run of pages of the same kind. */
    @FunctionalInterface
    public interface RegionConsumer {
        /**
         * A run of pages.
         *
         * @param end after the last page.
         * @param categories of those asked for, which it has.
         */
        void accept(long start, long end, long categories);
    }

    /**
     * Which pages to tell of.
     *
     * @param inverted categories whose absence counts as presence.
     * @param allOf categories a page must have, all of them.
     * @param anyOf categories a page must have one of; 0 asks for none.
     * @param returned categories to tell of; runs are cut where these change.
     */
    public record Selection(long inverted, long allOf, long anyOf, long returned) {
        /** Pages that hold data of the process: there or swapped out, and not the page of zeros. */
        public static final Selection POPULATED =
                new Selection(PFNZERO, PFNZERO, PRESENT | SWAPPED, FILE | PRESENT | SWAPPED | SOFT_DIRTY);

        /** The same pages, and more told of them. */
        public Selection returning(final long more) {
            return new Selection(inverted, allOf, anyOf, returned | more);
        }
    }

    private PageMap(final int pid, final Fd fd) {
        this.pid = pid;
        this.fd = fd;
    }

    /** Opens a process's page map. */
    public static PageMap open(final int pid) {
        try {
            return new PageMap(pid, Files.open("/proc/" + pid + "/pagemap", Files.O_RDONLY | Files.O_CLOEXEC));
        } catch (final LinuxException e) {
            throw e.errno() == Errno.ENOENT ? new VanishedException(e.call(), e.errno(), e.detail()) : e;
        }
    }

    /**
     * Tells of all selected pages in a range, in order.
     *
     * @throws LinuxException ENOTTY if the kernel is older than 6.7; then there is {@link #entries}.
     */
    public void scan(final long start, final long end, final Selection selection, final RegionConsumer consumer) {
        scan(start, end, selection, 0, consumer);
    }

    /**
     * As {@link #scan}, and of the pages selected, those {@link #WRITTEN} are not so any more until they are written
     * again. Pages are told of and changed at once: no write comes between.
     *
     * @throws LinuxException EPERM if a part of the range is not watched, see {@link UserFaultFd}.
     */
    public void scanAndProtect(
            final long start, final long end, final Selection selection, final RegionConsumer consumer) {
        scan(start, end, selection, PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC, consumer);
    }

    /** Whether the mapping of a page is watched for writes by userfaultfd, asynchronously; not before Linux 6.7. */
    public boolean isWatched(final long page) {
        try {
            scan(page, page + PAGE_SIZE, Selection.POPULATED, PM_SCAN_CHECK_WPASYNC, (from, to, kinds) -> {});
            return true;
        } catch (final LinuxException e) {
            if (e.errno() == Errno.EPERM || e.errno() == Errno.ENOTTY) {
                return false;
            }
            throw e;
        }
    }

    private void scan(
            final long start,
            final long end,
            final Selection selection,
            final int flags,
            final RegionConsumer consumer) {
        final long regions = memory.address() + ARGUMENT_LENGTH;
        buffer.setMemory(0, ARGUMENT_LENGTH, (byte) 0);
        buffer.putLong(SIZE, ARGUMENT_LENGTH);
        buffer.putLong(FLAGS, flags);
        buffer.putLong(END, end);
        buffer.putLong(VECTOR, regions);
        buffer.putLong(VECTOR_LENGTH, REGIONS);
        buffer.putLong(INVERTED, selection.inverted());
        buffer.putLong(ALL_OF, selection.allOf());
        buffer.putLong(ANY_OF, selection.anyOf());
        buffer.putLong(RETURN, selection.returned());
        long walked = start;
        while (walked < end) {
            buffer.putLong(START, walked);
            final long result = SystemCall.call(SyscallNumber.IOCTL, fd.number(), PAGEMAP_SCAN, memory.address());
            final int count = (int) SystemCall.check(result, SyscallNumber.IOCTL, "pagemap of pid", pid);
            for (int i = 0; i < count; i++) {
                final int region = ARGUMENT_LENGTH + i * REGION_LENGTH;
                consumer.accept(buffer.getLong(region), buffer.getLong(region + 8), buffer.getLong(region + 16));
            }
            // It stops early when the vector is full.
            walked = buffer.getLong(WALK_END);
        }
    }

    /**
     * Reads classic entries, one of 8 bytes a page.
     *
     * @param address for {@code pages} entries.
     * @return how many were read, fewer only at the end of the address space.
     */
    public int entries(final long start, final int pages, final long address) {
        final long offset = Long.divideUnsigned(start, PAGE_SIZE) * 8;
        return Files.pread(fd.number(), address, pages * 8, offset) / 8;
    }

    @Override
    public void close() {
        fd.close();
        memory.close();
    }
}
