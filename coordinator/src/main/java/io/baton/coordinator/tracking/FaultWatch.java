package io.baton.coordinator.tracking;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.task.linux.Fd;
import io.baton.task.linux.PageMap;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.UserFaultFd;
import java.util.List;

/**
 * Watches by {@link UserFaultFd}. What the kernel does to a mapping decides for us: a new one, one that was moved, and all
 * of a process that has forked off or executed a program since, are not watched, and so count as written.
 */
final class FaultWatch implements WriteWatch, AutoCloseable {
    private final Fd fd;
    private final boolean resumed;
    private final boolean goesOn;

    /**
     * @param fd of the process's memory
     * @param resumed whether it has watched since the dump before
     * @param goesOn whether it is to watch from now on
     */
    FaultWatch(Fd fd, boolean resumed, boolean goesOn) {
        this.fd = fd;
        this.resumed = resumed;
        this.goesOn = goesOn;
    }

    /** Whether anything at all is watched; if not, the process has other memory than it had. */
    static boolean watchesAny(SeizedProcess process) {
        List<ProcMap> maps = process.maps();
        try (PageMap pages = PageMap.open(process.procId())) {
            return maps.stream().anyMatch(map -> !map.shared() && map.start() >= 0 && pages.isWatched(map.start()));
        }
    }

    Fd fd() {
        return fd;
    }

    @Override
    public Coverage cover(PageMap pages, long start, long end) {
        boolean before = resumed && pages.isWatched(start);
        if (!before && !goesOn) {
            return Coverage.NONE;
        }
        // Ours? To watch it once more changes nothing; what another descriptor watches is refused.
        if (!UserFaultFd.watch(fd, start, end) || !pages.isWatched(start)) {
            return Coverage.NONE;
        }
        return new Coverage(before, goesOn);
    }

    @Override
    public void scan(
            PageMap pages,
            Coverage coverage,
            long start,
            long end,
            PageMap.Selection selection,
            PageMap.RegionConsumer consumer) {
        PageMap.Selection written = selection.returning(PageMap.WRITTEN);
        if (coverage.after()) {
            pages.scanAndProtect(start, end, written, consumer);
        } else {
            pages.scan(start, end, written, consumer);
        }
    }

    @Override
    public void finish() {}

    /** Nothing is watched any more, unless a keeper has the descriptor too. */
    @Override
    public void close() {
        fd.close();
    }
}
