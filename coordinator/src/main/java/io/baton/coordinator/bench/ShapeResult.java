package io.baton.coordinator.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All that was measured on one shape. */
final class ShapeResult {
    private final Shape shape;
    private final List<Series> series = new ArrayList<>();
    private final Map<String, Ratios> ratios = new LinkedHashMap<>();
    private final Map<String, Double> metrics = new LinkedHashMap<>();
    private int processes;
    private int tasks;
    private long imageBytes;
    private double proportional = Double.NaN;
    private @Nullable Floor floor;
    private @Nullable HandOverResult handOvers;

    ShapeResult(Shape shape) {
        this.shape = shape;
    }

    Shape shape() {
        return shape;
    }

    int processes() {
        return processes;
    }

    int tasks() {
        return tasks;
    }

    long imageBytes() {
        return imageBytes;
    }

    /** Memory of the tree after a restore divided by what it was before, shared pages counted once; NaN: not measured. */
    double proportional() {
        return proportional;
    }

    List<Series> series() {
        return series;
    }

    /** By operation: each of ours divided by the other tool's right beside it. */
    Map<String, Ratios> ratios() {
        return ratios;
    }

    /** What bars may be about: times in s, sizes in bytes. */
    Map<String, Double> metrics() {
        return metrics;
    }

    @Nullable
    Floor floor() {
        return floor;
    }

    @Nullable
    HandOverResult handOvers() {
        return handOvers;
    }

    void sizes(KnownTree tree, long bytes) {
        processes = tree.processes();
        tasks = tree.tasks();
        imageBytes = bytes;
    }

    void proportional(double ratio) {
        proportional = ratio;
    }

    void handOvers(HandOverResult result) {
        handOvers = result;
        tasks = result.tasks();
        series.addAll(result.all());
        metrics.putAll(result.metrics());
    }

    /** All has been measured. */
    void finish(Floor least, String other) {
        floor = least;
        metrics.put("image", (double) imageBytes);
        if (!Double.isNaN(proportional)) {
            metrics.put("pss", proportional);
        }
        for (Series one : series) {
            double median = one.median();
            metrics.put(one.key(), median / 1e9);
            double floorNanos = one.operation().equals("restore") ? least.restoreNanos() : least.dumpNanos();
            metrics.put(one.key() + "/floor", median / floorNanos);
            if (least.readNanos() > 0) {
                metrics.put(one.key() + "/dd", least.readNanos() / median);
            }
        }
        for (Series ours : series) {
            for (Series theirs : series) {
                if (theirs.tool().equals(other)
                        && ours.operation().equals(theirs.operation())
                        && !ours.tool().equals(other)
                        && ours.samples().size() == theirs.samples().size()) {
                    Ratios pairs = Ratios.of(times(ours), times(theirs));
                    ratios.put(ours.key(), pairs);
                    metrics.put(ours.key() + "/" + other, pairs.median());
                }
            }
        }
    }

    private static double[] times(Series series) {
        return series.samples().stream()
                .mapToDouble(sample -> (double) sample.nanos())
                .toArray();
    }
}
