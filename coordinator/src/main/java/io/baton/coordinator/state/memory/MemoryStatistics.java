package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.DumpStatsEntry;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** Counts what a dump does with pages, and how long it takes. */
public final class MemoryStatistics {
    private final Counts own = new Counts();
    private final Counts shared = new Counts();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder dumpNanos = new LongAdder();
    private final LongAdder writeNanos = new LongAdder();

    /** Of pages of one sort: those of a process alone, or those that processes share. */
    static final class Counts {
        private final LongAdder written = new LongAdder();
        private final LongAdder inParent = new LongAdder();
        private final LongAdder elsewhere = new LongAdder();

        void addWritten(long pages) {
            written.add(pages);
        }

        void addInParent(long pages) {
            inParent.add(pages);
        }

        void addElsewhere(long pages) {
            elsewhere.add(pages);
        }
    }

    /** Those of a dump. */
    public static MemoryStatistics of(TreeImage tree) {
        return tree.shared(MemoryStatistics.class, MemoryStatistics::new);
    }

    Counts own() {
        return own;
    }

    Counts shared() {
        return shared;
    }

    /** Adds the time since then to that of finding and reading pages. */
    void dumpedSince(long nanoTime) {
        dumpNanos.add(System.nanoTime() - nanoTime);
    }

    /** Adds the time since then to that of writing pages to files, which may be beside the other. */
    void wroteSince(long nanoTime, long length) {
        bytes.add(length);
        writeNanos.add(System.nanoTime() - nanoTime);
    }

    /** Bytes of pages written to this image so far; for any thread to ask. */
    public long bytesWritten() {
        return bytes.sum();
    }

    /** Pages that are in this image. */
    public long pagesWritten() {
        return own.written.sum();
    }

    /** Pages that are only in the parent image. */
    public long pagesInParent() {
        return own.inParent.sum();
    }

    /** Pages that another process has brought to this image. */
    public long pagesElsewhere() {
        return own.elsewhere.sum();
    }

    /** Fills in the numbers as CRIU has them. A page counts as scanned when it was there at all. */
    public void fill(DumpStatsEntry.Builder stats) {
        stats.setMemdumpTime((int) TimeUnit.NANOSECONDS.toMicros(dumpNanos.sum()))
                .setMemwriteTime((int) TimeUnit.NANOSECONDS.toMicros(writeNanos.sum()))
                .setPagesScanned(own.written.sum() + own.inParent.sum() + own.elsewhere.sum())
                .setPagesSkippedParent(own.inParent.sum())
                .setPagesWritten(own.written.sum())
                .setPagesLazy(0)
                .setShpagesScanned(shared.written.sum() + shared.inParent.sum())
                .setShpagesSkippedParent(shared.inParent.sum())
                .setShpagesWritten(shared.written.sum());
    }
}
