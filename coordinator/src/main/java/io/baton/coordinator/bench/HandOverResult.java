package io.baton.coordinator.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a hand-over takes.
 *
 * @param tasks that a round goes through; it has one hand-over more, for it begins and ends here
 * @param baton Baton's rounds
 * @param bare rounds by bare means
 * @param allocated bytes for each hand-over, at least
 */
record HandOverResult(int tasks, Series baton, Map<FloorTasks.Kind, Series> bare, double allocated) {
    /** Baton's rounds divided by those of the bare futex chain right beside them. */
    Ratios ratio() {
        return Ratios.of(times(baton), times(futex()));
    }

    private Series futex() {
        Series futex = bare.get(FloorTasks.Kind.FUTEX);
        return futex == null ? new Series("handover", "futex") : futex;
    }

    /** All series, Baton's first. */
    List<Series> all() {
        List<Series> all = new ArrayList<>();
        all.add(baton);
        all.addAll(bare.values());
        return all;
    }

    /** ns of one hand-over. */
    double each(Series series) {
        return series.median() / (tasks + 1);
    }

    Map<String, Double> metrics() {
        Map<String, Double> metrics = new LinkedHashMap<>();
        all().forEach(series -> metrics.put("handover." + series.tool(), each(series) / 1e9));
        metrics.put("handover.ratio", ratio().median());
        metrics.put("handover.allocated", allocated);
        return metrics;
    }

    private static double[] times(Series series) {
        return series.samples().stream()
                .mapToDouble(sample -> (double) sample.nanos())
                .toArray();
    }
}
