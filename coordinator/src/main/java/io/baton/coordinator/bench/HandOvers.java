package io.baton.coordinator.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** The baton from the first to the last of so many tasks: by Baton, and by the barest means, in turns. */
final class HandOvers {
    static final String BATON = "baton";

    private static final int BYTES_PER_CONTEXT = 512;
    private static final int LEAST_RING = 64 * 1024;

    private HandOvers() {}

    /**
     * Measures it.
     *
     * @return a series for each means, and the bytes that one hand-over of Baton's allocated here
     */
    static HandOverResult measure(
            BenchPrograms programs, int tasks, int warmup, int repetitions, BooleanSupplier cancelled) {
        Map<FloorTasks.Kind, Series> bare = new EnumMap<>(FloorTasks.Kind.class);
        Series baton = new Series("handover", BATON);
        double allocated = Double.MAX_VALUE;
        for (int i = -warmup; i < repetitions; i++) {
            boolean counts = i >= 0;
            boolean batonFirst = i % 2 == 0;
            if (batonFirst) {
                allocated = Math.min(allocated, baton(tasks, counts, baton));
            }
            for (FloorTasks.Kind kind : FloorTasks.Kind.values()) {
                if (cancelled.getAsBoolean()) {
                    throw Bench.interrupted();
                }
                if (kind != FloorTasks.Kind.CREATE) {
                    double nanos = Floor.handOver(programs, kind, tasks);
                    if (counts) {
                        bare.computeIfAbsent(kind, one -> new Series("handover", text(one)))
                                .add(sample(nanos));
                    }
                }
            }
            if (!batonFirst) {
                allocated = Math.min(allocated, baton(tasks, counts, baton));
            }
        }
        return new HandOverResult(tasks, baton, bare, allocated);
    }

    /** Bytes allocated for each hand-over, by this thread, which does all that Java does for it. */
    private static double baton(int tasks, boolean counts, Series into) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long self = Thread.currentThread().getId();
        int ring = Math.max(LEAST_RING, Integer.highestOneBit(tasks * BYTES_PER_CONTEXT) * 2);
        try (BatonTasks made = new BatonTasks(tasks, ring)) {
            long before = threads.getThreadAllocatedBytes(self);
            made.publishAll();
            long begun = System.nanoTime();
            made.round();
            double nanos = (double) (System.nanoTime() - begun);
            long after = threads.getThreadAllocatedBytes(self);
            if (counts) {
                into.add(sample(nanos));
            }
            return (double) (after - before) / tasks;
        }
    }

    private static Sample sample(double nanos) {
        return new Sample((long) nanos, Map.of(), 0, 0);
    }

    static String text(FloorTasks.Kind kind) {
        return kind.name().toLowerCase(java.util.Locale.ROOT);
    }
}
