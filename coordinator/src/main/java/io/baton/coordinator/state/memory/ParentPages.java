package io.baton.coordinator.state.memory;

import io.baton.mktree.image.PagemapImage;
import java.util.List;

/** Which pages of one process the parent image has. To be asked in ascending order of addresses. */
final class ParentPages {
    private final List<PagemapImage.Run> runs;
    private int next;

    ParentPages(List<PagemapImage.Run> runs) {
        this.runs = runs;
    }

    /** Told of a range. */
    interface RangeConsumer {
        void accept(long start, long end);
    }

    /** Splits a range into what the parent image has and what it has not. */
    void split(long start, long end, RangeConsumer there, RangeConsumer missing) {
        long at = start;
        while (at < end) {
            while (next < runs.size() && end(runs.get(next)) <= at) {
                next++;
            }
            if (next == runs.size() || runs.get(next).vaddr() >= end) {
                missing.accept(at, end);
                return;
            }
            PagemapImage.Run run = runs.get(next);
            if (run.vaddr() > at) {
                missing.accept(at, run.vaddr());
                at = run.vaddr();
            }
            long to = Math.min(end, end(run));
            there.accept(at, to);
            at = to;
        }
    }

    private static long end(PagemapImage.Run run) {
        return run.vaddr() + run.size();
    }
}
