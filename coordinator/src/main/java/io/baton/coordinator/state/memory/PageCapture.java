package io.baton.coordinator.state.memory;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.mktree.image.proto.VmaEntryOrBuilder;
import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.PageMap;
import java.util.ArrayList;
import java.util.List;

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
    private final PagesWriter writer;
    private final List<VmaEntry> guards = new ArrayList<>();
    private int next;

    PageCapture(SeizedProcess process, MmEntry.Builder mm, PagesWriter writer) {
        this.process = process;
        this.mm = mm;
        this.writer = writer;
    }

    /** Writes all pages, and adds the guard regions to the mappings. */
    void capture() {
        try (PageMap pages = PageMap.open(process.procId())) {
            scan(pages);
        }
        while (next < mm.getVmasCount()) {
            leave(mm.getVmasOrBuilder(next));
        }
        writer.flush();
        guards.forEach(mm::addVmas);
    }

    private void scan(PageMap pages) {
        int count = mm.getVmasCount();
        if (count == 0) {
            return;
        }
        long start = mm.getVmas(0).getStart();
        long end = start;
        for (int i = count - 1; i >= 0 && end == start; i--) {
            // Not the vsyscall page: it lies in the kernel's half.
            end = Math.max(start, mm.getVmas(i).getEnd());
        }
        try {
            pages.scan(start, end, WITH_GUARDS, this::region);
        } catch (LinuxException e) {
            if (e.errno() == Errno.EINVAL) {
                // Before Linux 6.15 guard pages cannot be told apart; where there are some, reading them fails.
                pages.scan(start, end, WITHOUT_GUARDS, this::region);
            } else if (e.errno() == Errno.ENOTTY) {
                new PageEntries(pages).scan(mm.getVmasOrBuilderList(), this::region);
            } else {
                throw e;
            }
        }
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
                writer.add(from, to, (vma.getProt() & Mapping.PROT_READ) != 0);
            }
            if (Long.compareUnsigned(vma.getEnd(), end) > 0) {
                return;
            }
            leave(vma);
        }
    }

    /** The vDSO is the kernel's: its pages look like a file's, but an image must have them for a comparison. */
    private void leave(VmaEntryOrBuilder vma) {
        if (VmaBits.has(vma.getStatus(), VmaBits.VDSO)) {
            writer.add(vma.getStart(), vma.getEnd(), true);
        }
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
