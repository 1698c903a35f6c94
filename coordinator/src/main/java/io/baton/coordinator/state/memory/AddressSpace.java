package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import java.util.Arrays;

/**
 * The union of the address ranges that the processes of a tree use, and from it a range that is free in all of them.
 *
 * <p>Starts and ends are sorted each on their own: the union has a gap before the i-th start exactly if i ranges have
 * ended before it, whichever they are. So no pairs are kept, and n ranges cost O(n log n) and two arrays.
 */
public final class AddressSpace {
    /** After the last address a process can map with four levels of page tables. */
    public static final long TASK_SIZE = 0x7fff_ffff_f000L;

    /** Below this, mappings need a privilege ({@code vm.mmap_min_addr}). */
    public static final long LOWEST = 0x1_0000L;

    /**
     * The kernel puts programs without PIE low, PIE at 2/3 of the space and all else near its top, so that a range in
     * the middle is nearly always free.
     */
    private static final long PREFERRED_START = 0x2000_0000_0000L;

    private static final long PREFERRED_END = 0x5000_0000_0000L;

    /** Kept free on both sides: more than the gap that the kernel wants beneath a growing stack (1 MiB). */
    private static final long MARGIN = 16L << 20;

    private static final int PAGE_SIZE = 4096;
    private static final int INITIAL_CAPACITY = 256;

    private long[] starts = new long[INITIAL_CAPACITY];
    private long[] ends = new long[INITIAL_CAPACITY];
    private int count;

    /** Adds a range in use; what lies past {@link #TASK_SIZE} (the vsyscall page) does not count. */
    public AddressSpace add(long start, long end) {
        if (start < 0 || start >= TASK_SIZE || end == start) {
            return this;
        }
        if (end >= 0 && end < start) {
            throw new IllegalArgumentException(
                    "range ends before it starts: start=" + Long.toHexString(start) + " end=" + Long.toHexString(end));
        }
        if (count == starts.length) {
            makeRoom();
        }
        starts[count] = start;
        ends[count] = end < 0 ? TASK_SIZE : Math.min(end, TASK_SIZE);
        count++;
        return this;
    }

    /** Adds all mappings of a process. */
    public AddressSpace add(MmEntry mm) {
        for (VmaEntry vma : mm.getVmasList()) {
            add(vma.getStart(), vma.getEnd());
        }
        return this;
    }

    /**
     * Finds a free range, away from the others where possible.
     *
     * @param length in bytes, rounded up to pages
     * @return its first address
     * @throws BatonException if there is none
     */
    public long findFree(long length) {
        merge();
        long wanted = (length + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
        long found = find(wanted, MARGIN, PREFERRED_START, PREFERRED_END);
        if (found < 0) {
            found = find(wanted, MARGIN, LOWEST, TASK_SIZE);
        }
        if (found < 0) {
            found = find(wanted, 0, LOWEST, TASK_SIZE);
        }
        if (found < 0) {
            throw new BatonException(
                    ErrorCode.UNSUPPORTED,
                    "no address range of " + wanted + " bytes is free in all processes of the tree",
                    "restore a smaller tree at a time");
        }
        return found;
    }

    /** Sorted ranges after merging; for tests and for diagnostics. */
    int ranges() {
        merge();
        return count;
    }

    private long find(long length, long margin, long from, long to) {
        long free = from;
        for (int i = 0; i < count && free < to; i++) {
            if (fits(free, Math.min(starts[i], to), length, margin)) {
                return free + margin;
            }
            free = Math.max(free, ends[i]);
        }
        return fits(free, to, length, margin) ? free + margin : -1;
    }

    private static boolean fits(long start, long end, long length, long margin) {
        return end - start - 2 * margin >= length;
    }

    /** Processes of one program map the same libraries at the same places: merging often makes room enough. */
    private void makeRoom() {
        merge();
        if (count > starts.length / 2) {
            starts = Arrays.copyOf(starts, 2 * starts.length);
            ends = Arrays.copyOf(ends, 2 * ends.length);
        }
    }

    private void merge() {
        if (count == 0) {
            return;
        }
        Arrays.sort(starts, 0, count);
        Arrays.sort(ends, 0, count);
        int merged = 0;
        for (int i = 1; i < count; i++) {
            if (ends[i - 1] < starts[i]) {
                ends[merged] = ends[i - 1];
                merged++;
                starts[merged] = starts[i];
            }
        }
        ends[merged] = ends[count - 1];
        count = merged + 1;
    }
}
