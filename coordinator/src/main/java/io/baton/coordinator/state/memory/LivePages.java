package io.baton.coordinator.state.memory;

import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.task.linux.PageMap;
import io.baton.task.linux.ProcMap;
import java.io.IOException;
import org.agrona.collections.LongArrayList;

/**
 * The pages of one process for a pre-dump: found while it is stopped, copied while it runs. Only those that are watched for
 * writes are taken: a page that changes under our hands then counts as written in the next dump. All others, and what
 * cannot be read, are left to the last dump, which stops the process for it.
 */
public final class LivePages {
    private static final long UNCHANGED = 1;
    private static final long UNREADABLE = 2;
    private static final long SHARED = 4;
    private static final long FLAGS = UNCHANGED | UNREADABLE | SHARED;

    private final int pid;
    /** Start with flags, end; and so on. */
    private final LongArrayList ranges = new LongArrayList();

    private LivePages(int pid) {
        this.pid = pid;
    }

    /** Finds the pages of a stopped process, and has it watched from now on. Its mappings must have been read before. */
    public static LivePages find(SeizedProcess process, TreeImage tree) {
        LivePages pages = new LivePages(process.pid());
        MmEntry.Builder mm = MmEntry.newBuilder();
        for (ProcMap map : process.maps()) {
            if (!map.shared() && isOrdinary(SpecialMapping.of(map))) {
                mm.addVmasBuilder()
                        .setStart(map.start())
                        .setEnd(map.end())
                        .setProt(map.protection())
                        .setStatus(VmaBits.REGULAR | (map.isAnonymous() ? VmaBits.ANON_PRIVATE : VmaBits.FILE_PRIVATE));
            }
        }
        PageTable tables = tree.shared(PageTable.class, PageTable::new);
        boolean parent = MemoryIncrement.of(tree).hasParent();
        PageSink sink = new PageSink() {
            @Override
            public void add(long start, long end, boolean readable) {
                pages.addToRead(start, end, readable ? 0 : UNREADABLE, tables);
            }

            @Override
            public void addUnchanged(long start, long end, boolean readable) {
                long flags = readable ? UNCHANGED : UNCHANGED | UNREADABLE;
                if (parent) {
                    pages.add(start, end, flags);
                } else {
                    pages.addToRead(start, end, flags, tables);
                }
            }
        };
        new PageCapture(process, mm, sink, MemoryIncrement.of(tree).watch(process.pid()), true).capture();
        return pages;
    }

    private static boolean isOrdinary(SpecialMapping special) {
        return special == SpecialMapping.NONE || special == SpecialMapping.HEAP;
    }

    private void add(long start, long end, long flags) {
        ranges.addLong(start | flags);
        ranges.addLong(end);
    }

    /** Pages that others have too are read in another way. */
    private void addToRead(long start, long end, long flags, PageTable tables) {
        long at = start;
        while (at < end) {
            int wanted = (int) Math.min(PageTable.LENGTH, (end - at) / PageMap.PAGE_SIZE);
            int read = tables.read(pid, at, wanted);
            for (int page = 0; page < wanted; ) {
                int from = page;
                boolean shared = page < read && SharedFrames.key(tables.get(page)) != 0;
                while (page < wanted && shared == (page < read && SharedFrames.key(tables.get(page)) != 0)) {
                    page++;
                }
                add(
                        at + (long) from * PageMap.PAGE_SIZE,
                        at + (long) page * PageMap.PAGE_SIZE,
                        shared ? flags | SHARED : flags);
            }
            at += (long) wanted * PageMap.PAGE_SIZE;
        }
    }

    /** Copies the pages to the image, as far as they are still there. */
    public void write(TreeImage tree, Deadline deadline) throws IOException {
        long from = System.nanoTime();
        try (PagesFile file = new PagesFile(tree, ImageKind.PAGEMAP, pid);
                LivePagesWriter writer = new LivePagesWriter(pid, file, deadline)) {
            ParentPages parent = MemoryIncrement.of(tree).parentPages(pid);
            for (int i = 0; i < ranges.size(); i += 2) {
                long start = ranges.getLong(i) & ~FLAGS;
                long end = ranges.getLong(i + 1);
                boolean readable = (ranges.getLong(i) & UNREADABLE) == 0;
                boolean shared = (ranges.getLong(i) & SHARED) != 0;
                ParentPages.RangeConsumer add = (at, to) -> {
                    if (readable) {
                        writer.add(at, to, shared);
                    }
                };
                if ((ranges.getLong(i) & UNCHANGED) != 0) {
                    parent.split(start, end, writer::addInParent, add);
                } else {
                    add.accept(start, end);
                }
            }
            writer.flush();
            file.finish();
        }
        MemoryStatistics.of(tree).dumpedSince(from);
    }
}
