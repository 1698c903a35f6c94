package io.baton.coordinator.state.memory;

import io.baton.task.linux.PageMap;
import java.util.Arrays;

/** Pages of one mapping on their way to the image, up to some thousands: where they are, and by what frame. */
final class PageBatch {
    /** Of one process; sharing less than so many pages at once is not worth its cost, on dump and on restore. */
    static final int LEAST_SHARED = Integer.getInteger("baton.shared.least", 16);

    static final int MOST = 8192;

    /** What is to be done about a range. */
    static final int READ = 0;

    static final int READ_PROTECTED = 1;
    static final int IN_PARENT = 2;

    private long[] starts = new long[16];
    private int[] lengths = new int[16];
    private int[] kinds = new int[16];
    private int ranges;
    private int pages;
    private final long[] keys = new long[MOST];
    private final int[] found = new int[MOST];

    /** Takes pages; of those to be read, no more than fit. Returns the end of what it took. */
    long add(long start, long end, int kind) {
        int length = (int) Math.min(MOST - (kind == IN_PARENT ? 0 : pages), (end - start) / PageMap.PAGE_SIZE);
        if (ranges == starts.length) {
            starts = Arrays.copyOf(starts, 2 * ranges);
            lengths = Arrays.copyOf(lengths, 2 * ranges);
            kinds = Arrays.copyOf(kinds, 2 * ranges);
        }
        starts[ranges] = start;
        lengths[ranges] = length;
        kinds[ranges] = kind;
        ranges++;
        pages += kind == IN_PARENT ? 0 : length;
        return start + (long) length * PageMap.PAGE_SIZE;
    }

    boolean isFull() {
        return pages == MOST || ranges == MOST;
    }

    boolean isEmpty() {
        return ranges == 0;
    }

    /** Whether others may have so much of it that it is worth looking. */
    boolean isWorthLooking() {
        return pages >= LEAST_SHARED;
    }

    int ranges() {
        return ranges;
    }

    long start(int range) {
        return starts[range];
    }

    /** In pages. */
    int length(int range) {
        return lengths[range];
    }

    int kind(int range) {
        return kinds[range];
    }

    /** By what the page is known; the pages of all ranges that are to be read are counted through. */
    long key(int page) {
        return keys[page];
    }

    /** Index of its frame among those written already, or {@link SharedFrames#NONE}. */
    int found(int page) {
        return found[page];
    }

    /** Looks up all pages; tells whether enough was found. */
    boolean look(SharedFrames frames, PageTable entries, int pid) {
        int page = 0;
        int matches = 0;
        int last = SharedFrames.NONE;
        for (int range = 0; range < ranges; range++) {
            if (kinds[range] == IN_PARENT) {
                continue;
            }
            int read = entries.read(pid, starts[range], lengths[range]);
            for (int i = 0; i < lengths[range]; i++, page++) {
                keys[page] = i < read ? SharedFrames.key(entries.get(i)) : 0;
                last = frames.find(keys[page], last + 1);
                found[page] = last;
                matches += last == SharedFrames.NONE ? 0 : 1;
            }
        }
        return matches >= LEAST_SHARED;
    }

    void forget() {
        Arrays.fill(found, 0, pages, SharedFrames.NONE);
    }

    /** Nobody is asked for keys that were not looked up. */
    void forgetKeys() {
        Arrays.fill(keys, 0, pages, 0);
        forget();
    }

    void clear() {
        ranges = 0;
        pages = 0;
    }
}
