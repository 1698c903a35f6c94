package io.baton.coordinator.state.memory;

import io.baton.mktree.image.proto.VmaEntryOrBuilder;
import io.baton.task.linux.PageMap;
import java.nio.ByteBuffer;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The same as {@link PageMap#scan} for kernels before 6.7, which have one entry for each page to be read. They do not
 * tell the page of zeros from others, so that it is saved like any.
 */
final class PageEntries {
    private static final int PAGES_AT_ONCE = 8192;

    private final PageMap pages;
    private final UnsafeBuffer entries = new UnsafeBuffer(ByteBuffer.allocateDirect(PAGES_AT_ONCE * Long.BYTES));

    PageEntries(PageMap pages) {
        this.pages = pages;
    }

    void scan(List<? extends VmaEntryOrBuilder> vmas, PageMap.RegionConsumer consumer) {
        for (VmaEntryOrBuilder vma : vmas) {
            if (PageCapture.isOwn(vma)) {
                scan(vma.getStart(), vma.getEnd(), consumer);
            }
        }
    }

    void scan(long start, long end, PageMap.RegionConsumer consumer) {
        long from = start;
        long to = start;
        long kind = 0;
        for (long at = start; at < end; ) {
            int wanted = (int) Math.min(PAGES_AT_ONCE, (end - at) / PageMap.PAGE_SIZE);
            int count = pages.entries(at, wanted, entries.addressOffset());
            if (count == 0) {
                break;
            }
            for (int i = 0; i < count; i++) {
                long found = kind(entries.getLong(i * Long.BYTES));
                if (found != kind) {
                    tell(from, to, kind, consumer);
                    from = to;
                    kind = found;
                }
                to += PageMap.PAGE_SIZE;
            }
            at = to;
        }
        tell(from, to, kind, consumer);
    }

    private static long kind(long entry) {
        if ((entry & PageMap.ENTRY_GUARD) != 0) {
            return PageMap.GUARD;
        }
        boolean there = (entry & (PageMap.ENTRY_PRESENT | PageMap.ENTRY_SWAPPED)) != 0;
        return there && (entry & PageMap.ENTRY_FILE) == 0 ? PageMap.PRESENT : 0;
    }

    private static void tell(long from, long to, long kind, PageMap.RegionConsumer consumer) {
        if (kind != 0 && from < to) {
            consumer.accept(from, to, kind);
        }
    }
}
