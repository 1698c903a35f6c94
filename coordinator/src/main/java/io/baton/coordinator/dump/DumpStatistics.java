package io.baton.coordinator.dump;

import io.baton.coordinator.state.memory.MemoryStatistics;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.DumpStatsEntry;
import io.baton.mktree.image.proto.StatsEntry;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code stats-dump}: how long a dump took, and how many pages it wrote. */
final class DumpStatistics {
    private static final Logger LOG = LoggerFactory.getLogger(DumpStatistics.class);

    private final long started;
    private final long frozen = System.nanoTime();
    private long released = frozen;
    private MemoryStatistics memory = new MemoryStatistics();

    /**
     * To be made when the tree has just been stopped.
     *
     * @param started when that was begun
     */
    DumpStatistics(long started) {
        this.started = started;
    }

    /** When the tree was about to be stopped. */
    long started() {
        return started;
    }

    /** When it had been. */
    long frozen() {
        return frozen;
    }

    /** When it ran again, or was no more. */
    long released() {
        return released;
    }

    void ofMemory(MemoryStatistics pages) {
        memory = pages;
    }

    /** The tree runs again, or is no more. */
    void frozenUntilNow() {
        released = System.nanoTime();
    }

    /** Writes the file; a dump does not fail for want of it. */
    void write(ImageDirectory directory) {
        DumpStatsEntry.Builder stats = DumpStatsEntry.newBuilder()
                .setFreezingTime((int) TimeUnit.NANOSECONDS.toMicros(frozen - started))
                .setFrozenTime((int) TimeUnit.NANOSECONDS.toMicros(released - frozen));
        memory.fill(stats);
        LOG.info(
                "pages: {} written, {} written for others already, {} in the parent image; frozen for {} us",
                stats.getPagesWritten(),
                memory.pagesElsewhere(),
                stats.getPagesSkippedParent(),
                stats.getFrozenTime());
        try {
            directory.write(
                    ImageKind.STATS_DUMP,
                    0,
                    StatsEntry.newBuilder().setDump(stats).build());
        } catch (IOException e) {
            LOG.warn("statistics not written: {}", e.getMessage());
        }
    }
}
