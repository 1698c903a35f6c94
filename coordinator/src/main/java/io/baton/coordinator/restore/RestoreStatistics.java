package io.baton.coordinator.restore;

import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.RestoreStatsEntry;
import io.baton.mktree.image.proto.StatsEntry;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/** What a restore cost, in the image's directory as CRIU leaves it: {@code stats-restore}. */
final class RestoreStatistics {
    private RestoreStatistics() {}

    /**
     * Writes them, if the directory can be written to; a restore is none the worse without.
     *
     * @param pages that were restored; none are compared, for none are shared between parent and child
     */
    static void write(
            final ImageDirectory directory, final long pages, final long forkingNanos, final long restoreNanos) {
        final RestoreStatsEntry.Builder stats = RestoreStatsEntry.newBuilder()
                .setPagesCompared(0)
                .setPagesSkippedCow(0)
                .setForkingTime((int) TimeUnit.NANOSECONDS.toMicros(forkingNanos))
                .setRestoreTime((int) TimeUnit.NANOSECONDS.toMicros(restoreNanos))
                .setPagesRestored(pages);
        try {
            directory.write(
                    ImageKind.STATS_RESTORE,
                    0,
                    StatsEntry.newBuilder().setRestore(stats).build());
        } catch (final IOException e) {
            LoggerFactory.getLogger(RestoreStatistics.class).info("statistics not written: {}", e.toString());
        }
    }
}
