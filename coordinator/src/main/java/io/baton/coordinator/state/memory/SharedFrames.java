package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.TreeImage;
import io.baton.task.linux.PageMap;
import java.io.Closeable;
import java.util.Arrays;

/**
 * The page frames that have been written to the image and that more than one page table has: by fork, or because the
 * kernel has merged equal pages. Who comes later with the same frame need not write it again.
 *
 * <p>Although all processes stand still, the kernel may move a page to another frame at any time, and use the old one
 * for something else. So a frame counts as the same only if whoever was first is seen to have it before and after the
 * other one is seen with it ({@link #holds}).
 */
final class SharedFrames implements Closeable {
    static final int NONE = -1;

    private static final int INITIAL = 1 << 10;
    /** Of an entry of a page map: frame number, or where in swap space. */
    private static final long NUMBER = (1L << 55) - 1;

    private long[] keys = new long[INITIAL];
    private long[] pagesIds = new long[INITIAL];
    private long[] firstPages = new long[INITIAL];
    private long[] addresses = new long[INITIAL];
    private int[] owners = new int[INITIAL];
    private int count;
    /** By key: 1 + index, 0 where there is none. */
    private int[] table = new int[4 * INITIAL];

    private final boolean once;
    private final PageTable entries = new PageTable();
    private boolean used;

    /**
     * None so far.
     *
     * @param once whether what processes share is to be written once
     */
    SharedFrames(boolean once) {
        this.once = once;
    }

    /** Those of a dump. */
    static SharedFrames of(TreeImage tree) {
        return tree.shared(SharedFrames.class, () -> new SharedFrames(false));
    }

    /** Whether there may be any. */
    boolean isKept() {
        return once;
    }

    /** Whether pages have been left to the file of another process. */
    boolean wereUsed() {
        return used;
    }

    /** By what a page is known, from its entry in the page map; 0 if nobody else has it, or we may not know. */
    static long key(long entry) {
        if ((entry & PageMap.ENTRY_PRESENT) != 0) {
            return (entry & PageMap.ENTRY_EXCLUSIVE) == 0 ? entry & NUMBER : 0;
        }
        return (entry & PageMap.ENTRY_SWAPPED) != 0 ? entry & (NUMBER | PageMap.ENTRY_SWAPPED) : 0;
    }

    /**
     * Looks for a frame.
     *
     * @param expected where it is most likely: after the one found before
     * @return its index or {@link #NONE}
     */
    int find(long key, int expected) {
        if (key == 0) {
            return NONE;
        } else if (expected >= 0 && expected < count && keys[expected] == key) {
            return expected;
        }
        int mask = table.length - 1;
        for (int at = hash(key) & mask; table[at] != 0; at = (at + 1) & mask) {
            if (keys[table[at] - 1] == key) {
                return table[at] - 1;
            }
        }
        return NONE;
    }

    /** Whether a frame comes right after another: in the same process, at the next address, next in the same file. */
    boolean follows(int index, int before) {
        return index == before + 1
                && owners[index] == owners[before]
                && addresses[index] == addresses[before] + PageMap.PAGE_SIZE
                && pagesIds[index] == pagesIds[before]
                && firstPages[index] == firstPages[before] + 1;
    }

    /** Whether those who were first still have these frames, which {@linkplain #follows follow} one another. */
    boolean holds(int index, int length) {
        for (int i = 0; i < length; ) {
            int found = entries.read(owners[index], addresses[index + i], Math.min(length - i, PageTable.LENGTH));
            if (found <= 0) {
                return false;
            }
            for (int j = 0; j < found; j++) {
                if (key(entries.get(j)) != keys[index + i + j]) {
                    return false;
                }
            }
            i += found;
        }
        used = true;
        return true;
    }

    long pagesId(int index) {
        return pagesIds[index];
    }

    /** Of the pages file: which page in it. */
    long firstPage(int index) {
        return firstPages[index];
    }

    /** Notes where a frame has been written. */
    void note(long key, int owner, long address, long pagesId, long page) {
        if (!once) {
            return;
        }
        if (count == keys.length) {
            grow();
        }
        keys[count] = key;
        owners[count] = owner;
        addresses[count] = address;
        pagesIds[count] = pagesId;
        firstPages[count] = page;
        count++;
        enter(count);
    }

    private void grow() {
        int length = 2 * count;
        keys = Arrays.copyOf(keys, length);
        owners = Arrays.copyOf(owners, length);
        addresses = Arrays.copyOf(addresses, length);
        pagesIds = Arrays.copyOf(pagesIds, length);
        firstPages = Arrays.copyOf(firstPages, length);
        table = new int[4 * length];
        for (int i = 1; i <= count; i++) {
            enter(i);
        }
    }

    /** The later one wins where a number has come to mean another page. */
    private void enter(int number) {
        long key = keys[number - 1];
        int mask = table.length - 1;
        int at = hash(key) & mask;
        while (table[at] != 0 && keys[table[at] - 1] != key) {
            at = (at + 1) & mask;
        }
        table[at] = number;
    }

    private static int hash(long key) {
        return (int) ((key * 0x9e37_79b9_7f4a_7c15L) >>> 32);
    }

    @Override
    public void close() {
        entries.close();
    }
}
