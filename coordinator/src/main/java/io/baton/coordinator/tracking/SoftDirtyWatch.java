package io.baton.coordinator.tracking;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.Memory;
import io.baton.task.linux.PageMap;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;

/**
 * Watches by soft-dirty bits, where userfaultfd cannot: the kernel sets one with each first write, and in all of a mapping
 * that is new or was moved. Whoever else clears them meanwhile spoils it. Source: the kernel's {@code
 * admin-guide/mm/soft-dirty}.
 */
final class SoftDirtyWatch implements WriteWatch {
    private static final String CLEAR_SOFT_DIRTY = "4";

    private final SeizedProcess process;
    private final boolean resumed;
    private final boolean goesOn;

    SoftDirtyWatch(SeizedProcess process, boolean resumed, boolean goesOn) {
        this.process = process;
        this.resumed = resumed;
        this.goesOn = goesOn;
    }

    /** Whether the kernel can do it: then a page just written has the bit. */
    static boolean isSupported() {
        int flags = Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS;
        int protection = Mapping.PROT_READ | Mapping.PROT_WRITE;
        try (Mapping page = Mapping.map(0, PageMap.PAGE_SIZE, protection, flags, -1, 0);
                PageMap pages = PageMap.open(Identity.pid());
                Memory entry = Memory.allocate(Long.BYTES)) {
            page.buffer().putByte(0, (byte) 1);
            return pages.entries(page.address(), 1, entry.address()) == 1
                    && (entry.buffer().getLong(0) & PageMap.ENTRY_SOFT_DIRTY) != 0;
        }
    }

    @Override
    public Coverage cover(PageMap pages, long start, long end) {
        return new Coverage(resumed, goesOn);
    }

    @Override
    public void scan(
            PageMap pages,
            Coverage coverage,
            long start,
            long end,
            PageMap.Selection selection,
            PageMap.RegionConsumer consumer) {
        PageMap.Selection dirty = selection.returning(PageMap.SOFT_DIRTY);
        pages.scan(start, end, dirty, (from, to, kinds) -> {
            long written = (kinds & PageMap.SOFT_DIRTY) != 0 ? PageMap.WRITTEN : 0;
            consumer.accept(from, to, kinds | written);
        });
    }

    @Override
    public void finish() {
        if (!goesOn) {
            return;
        }
        try (Fd file = Files.open(process.procPath("clear_refs"), Files.O_WRONLY | Files.O_CLOEXEC);
                Memory text = Memory.cString(CLEAR_SOFT_DIRTY)) {
            SystemCall.check(
                    SystemCall.call(SyscallNumber.WRITE, file.number(), text.address(), CLEAR_SOFT_DIRTY.length()),
                    SyscallNumber.WRITE);
        }
    }
}
