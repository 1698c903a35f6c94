package io.baton.coordinator.supervision;

import java.util.concurrent.TimeUnit;

/**
 * How long an operation may take.
 *
 * @param totalNanos all of it; 0: no limit
 * @param stageNanos each of its stages, and each action; 0: no limit
 */
public record TimeLimits(long totalNanos, long stageNanos) {
    /** As many operations as can hang are those that nobody watches. */
    public static final int DEFAULT_TOTAL_SECONDS = 60;

    /** Stages that take as long as the whole. */
    public static final int DEFAULT_STAGE_SECONDS = 0;

    public static final TimeLimits DEFAULT = ofSeconds(DEFAULT_TOTAL_SECONDS, DEFAULT_STAGE_SECONDS);

    public TimeLimits {
        if (totalNanos < 0 || stageNanos < 0) {
            throw new IllegalArgumentException("negative: totalNanos=" + totalNanos + ", stageNanos=" + stageNanos);
        }
    }

    public static TimeLimits ofSeconds(final long total, final long stage) {
        return new TimeLimits(TimeUnit.SECONDS.toNanos(total), TimeUnit.SECONDS.toNanos(stage));
    }
}
