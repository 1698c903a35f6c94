package io.baton.coordinator.state.memory;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.tracking.WriteWatch;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.mktree.image.proto.VmaEntryOrBuilder;
import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.PageMap;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the pages that must be saved, because nothing else has their contents: those of private mappings that the
 * process has written, the vDSO's; and the guard pages. Never-touched pages and the kernel's own page of zeros come
 * back by themselves, pages of files from the file.
 */
final class PageCapture {
    /** A page of a private mapping is its own once it is neither the file's nor the page of zeros. */
    private static final long OWN_PAGES = PageMap.PFNZERO | PageMap.FILE;

    private static final PageMap.Selection WITH_GUARDS =
            new PageMap.Selection(OWN_PAGES, OWN_PAGES, PageMap.PRESENT | PageMap.SWAPPED, PageMap.GUARD);
    private static final PageMap.Selection WITHOUT_GUARDS =
            new PageMap.Selection(OWN_PAGES, OWN_PAGES, PageMap.PRESENT | PageMap.SWAPPED, 0);

    private final SeizedProcess process;
    private final MmEntry.Builder mm;
    private final PageSink sink;
    private final @Nullable WriteWatch watch;
    private final boolean onlyWatched;
    private final List<VmaEntry> guards = new ArrayList<>();
    private boolean guardsKnown = true;
    private int next;
    /** Of the mapping that is being scanned. */
    private WriteWatch.Coverage coverage = WriteWatch.Coverage.NONE;

    /**
     * To capture the pages of one process.
     *
     * @param mm the mappings, in order
     * @param watch over the process, null if there is none
     * @param onlyWatched whether to pass over all that will not be watched further
     */
    PageCapture(
            SeizedProcess process, MmEntry.Builder mm, PageSink sink, @Nullable WriteWatch watch, boolean onlyWatched) {
        this.process = process;
        this.mm = mm;
        this.sink = sink;
        this.watch = watch;
        this.onlyWatched = onlyWatched;
    }

    /** Gives all pages to the sink, and adds the guard regions to the mappings. */
    void capture() {
        try (PageMap pages = PageMap.open(process.procId())) {
            if (watch != null) {
                scan(pages, watch);
            } else if (!onlyWatched && mm.getVmasCount() > 0) {
                scan(pages);
            }
        }
        while (next < mm.getVmasCount()) {
            leave(mm.getVmasOrBuilder(next));
        }
        guards.forEach(mm::addVmas);
    }

    /** All in one go. */
    private void scan(PageMap pages) {
        long start = mm.getVmas(0).getStart();
        long last = start;
        for (int i = mm.getVmasCount() - 1; i >= 0 && last == start; i--) {
            // Not the vsyscall page: it lies in the kernel's half.
            last = Math.max(start, mm.getVmas(i).getEnd());
        }
        long end = last;
        try {
            scan(selection -> pages.scan(start, end, selection, this::region));
        } catch (LinuxException e) {
            if (e.errno() != Errno.ENOTTY) {
                throw e;
            }
            new PageEntries(pages).scan(mm.getVmasOrBuilderList(), this::region);
        }
    }

    /** One mapping after the other. */
    private void scan(PageMap pages, WriteWatch watching) {
        int count = mm.getVmasCount();
        for (int i = 0; i < count; i++) {
            VmaEntryOrBuilder vma = mm.getVmasOrBuilder(i);
            long start = vma.getStart();
            long end = vma.getEnd();
            coverage = isOwn(vma) ? watching.cover(pages, start, end) : WriteWatch.Coverage.NONE;
            if (start < 0 || (onlyWatched && !coverage.after())) {
                continue;
            }
            WriteWatch.Coverage covered = coverage;
            if (covered.equals(WriteWatch.Coverage.NONE)) {
                scan(selection -> pages.scan(start, end, selection, this::region));
            } else {
                scan(selection ->
                        watching.scan(pages, covered, start, end, selection.returning(PageMap.PRESENT), this::region));
            }
        }
        watching.finish();
    }

    /** Something that takes a selection. */
    private interface Scan {
        void of(PageMap.Selection selection);
    }

    private void scan(Scan scan) {
        if (guardsKnown) {
            try {
                scan.of(WITH_GUARDS);
                return;
            } catch (LinuxException e) {
                if (e.errno() != Errno.EINVAL) {
                    throw e;
                }
                // Before Linux 6.15 guard pages cannot be told apart; where there are some, reading them fails.
                guardsKnown = false;
            }
        }
        scan.of(WITHOUT_GUARDS);
    }

    /** Regions come in ascending order; one may reach over several mappings. */
    private void region(long start, long end, long categories) {
        while (next < mm.getVmasCount()) {
            VmaEntryOrBuilder vma = mm.getVmasOrBuilder(next);
            long from = Math.max(start, vma.getStart());
            long to = Math.min(end, vma.getEnd());
            if (Long.compareUnsigned(vma.getStart(), end) >= 0) {
                return;
            }
            if (from < to && (categories & PageMap.GUARD) != 0) {
                guard(from, to);
            } else if (from < to && isOwn(vma)) {
                page(vma, from, to, categories);
            }
            if (Long.compareUnsigned(vma.getEnd(), end) > 0) {
                return;
            }
            leave(vma);
        }
    }

    private void page(VmaEntryOrBuilder vma, long start, long end, long categories) {
        boolean readable = (vma.getProt() & Mapping.PROT_READ) != 0;
        // Where a page of a file mapping was thrown away, the kernel leaves a mark that looks like a page swapped out.
        boolean certain = (categories & PageMap.PRESENT) != 0 || VmaBits.has(vma.getStatus(), VmaBits.ANON_PRIVATE);
        if (coverage.before() && certain && (categories & PageMap.WRITTEN) == 0) {
            sink.addUnchanged(start, end, readable);
        } else {
            sink.add(start, end, readable);
        }
    }

    /** The vDSO is the kernel's: its pages look like a file's, but an image must have them for a comparison. */
    private void leave(VmaEntryOrBuilder vma) {
        if (VmaBits.has(vma.getStatus(), VmaBits.VDSO)) {
            sink.add(vma.getStart(), vma.getEnd(), true);
        }
        sink.endMapping();
        next++;
    }

    private void guard(long start, long end) {
        int last = guards.size() - 1;
        if (last >= 0 && guards.get(last).getEnd() == start) {
            guards.set(last, guards.get(last).toBuilder().setEnd(end).build());
            return;
        }
        guards.add(VmaEntry.newBuilder()
                .setStart(start)
                .setEnd(end)
                .setPgoff(0)
                .setShmid(0)
                .setProt(0)
                .setFlags(0)
                .setStatus(VmaBits.GUARD)
                .setFd(0)
                .build());
    }

    /** Whether pages of the mapping may belong to the process alone. */
    static boolean isOwn(VmaEntryOrBuilder vma) {
        return VmaBits.has(vma.getStatus(), VmaBits.REGULAR)
                && VmaBits.has(vma.getStatus(), VmaBits.ANON_PRIVATE | VmaBits.FILE_PRIVATE)
                && !VmaBits.has(vma.getStatus(), VmaBits.VDSO | VmaBits.VVAR)
                && !VmaBits.has(vma.getFlags(), VmaBits.MAP_DROPPABLE);
    }
}
