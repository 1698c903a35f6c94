package io.baton.coordinator.bench;

import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * Of pairs measured one right after the other: the median of their ratios, and an interval that holds the true median
 * with a known confidence, whatever the distribution, by order statistics.
 *
 * @param median of ours divided by theirs
 * @param low end of the interval
 * @param high end of the interval
 * @param confidence that it has: at least 0.95 from six pairs on
 * @param pairs all of them
 */
record Ratios(double median, double low, double high, double confidence, List<Double> pairs) {
    private static final double WANTED = 0.95;
    /** Two to the power of minus this is 0. */
    private static final int LARGE = 1000;

    static Ratios of(double[] ours, double[] theirs) {
        int count = Math.min(ours.length, theirs.length);
        double[] pairs = new double[count];
        for (int i = 0; i < count; i++) {
            pairs[i] = ours[i] / theirs[i];
        }
        double[] sorted = pairs.clone();
        Arrays.sort(sorted);
        // The k-th smallest and the k-th largest: the largest k that keeps the confidence. Binomial(n, 1/2).
        int k = 0;
        double outside = 0;
        double term = Math.pow(0.5, Math.min(count, LARGE));
        double confidence = 1 - 2 * term;
        while (k + 1 < (count + 1) / 2) {
            double next = outside + term;
            if (1 - 2 * (next + term * (count - k) / (k + 1)) < WANTED) {
                break;
            }
            outside = next;
            term = term * (count - k) / (k + 1);
            k++;
            confidence = 1 - 2 * (outside + term);
        }
        return new Ratios(
                median(pairs),
                sorted[Math.min(k, count - 1)],
                sorted[Math.max(0, count - 1 - k)],
                confidence,
                DoubleStream.of(pairs).boxed().toList());
    }

    static double median(double... values) {
        if (values.length == 0) {
            return Double.NaN;
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
