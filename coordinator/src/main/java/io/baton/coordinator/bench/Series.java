package io.baton.coordinator.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.HdrHistogram.Histogram;

/**
 * All samples of one operation by one tool on one shape; times in ns.
 *
 * @param operation dump or restore
 * @param tool its name
 * @param samples in the order of repetitions
 */
record Series(String operation, String tool, List<Sample> samples) {
    private static final int DIGITS = 3;

    Series(String operation, String tool) {
        this(operation, tool, new ArrayList<>());
    }

    void add(Sample sample) {
        samples.add(sample);
    }

    /** operation.tool, as bars name it. */
    String key() {
        return operation + "." + tool;
    }

    /** Of the whole operation. */
    Histogram total() {
        return histogram(Sample::nanos);
    }

    /** Of each stage, in their order; where a sample has none of that name it counts as 0. */
    Map<String, Histogram> stages() {
        Map<String, Histogram> stages = new LinkedHashMap<>();
        for (Sample sample : samples) {
            for (String stage : sample.stages().keySet()) {
                stages.computeIfAbsent(
                        stage, name -> histogram(one -> one.stages().getOrDefault(name, 0L)));
            }
        }
        return stages;
    }

    /** Median CPU time of the command; 0: not measured. */
    long cpuNanos() {
        return histogram(Sample::cpuNanos).getValueAtPercentile(50);
    }

    /** The most that was ever resident in it, bytes; 0: not measured. */
    long mostBytes() {
        return samples.stream().mapToLong(Sample::mostBytes).max().orElse(0);
    }

    /** Exact, unlike the histogram's: of few samples every one counts. */
    double median() {
        return Ratios.median(
                samples.stream().mapToDouble(sample -> (double) sample.nanos()).toArray());
    }

    private Histogram histogram(ToLongFunction<Sample> value) {
        Histogram histogram = new Histogram(DIGITS);
        for (Sample sample : samples) {
            histogram.recordValue(Math.max(0, value.applyAsLong(sample)));
        }
        return histogram;
    }
}
