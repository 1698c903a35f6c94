package io.baton.coordinator.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RatiosTest {
    @Test
    void shouldTakeTheMedianOfThePairs() {
        Ratios ratios = Ratios.of(new double[] {1, 4, 9}, new double[] {1, 2, 3});
        assertEquals(2, ratios.median());
        assertEquals(1, ratios.low());
        assertEquals(3, ratios.high());
        assertEquals(0.75, ratios.confidence(), 1e-12, "both ends are beyond the median but for 2 of 8 ways");
    }

    /** Of ten, the 2nd and the 9th: 1 - 2 * 11 / 1024; the 3rd and the 8th would be 0.89. */
    @Test
    void shouldTakeTheNarrowestIntervalThatIsConfident() {
        double[] ours = IntStream.rangeClosed(1, 10).mapToDouble(i -> i).toArray();
        double[] ones = new double[10];
        Arrays.fill(ones, 1);
        Ratios ratios = Ratios.of(ours, ones);
        assertEquals(2, ratios.low());
        assertEquals(9, ratios.high());
        assertEquals(1 - 22.0 / 1024, ratios.confidence(), 1e-12);
    }

    /** Of 2,000 runs of 15 pairs whose true median is 1, at least about 95% have it within. */
    @Test
    void shouldHoldWhatItPromises() {
        SplittableRandom random = new SplittableRandom(7);
        int held = 0;
        for (int run = 0; run < 2000; run++) {
            double[] ours = random.doubles(15).map(x -> Math.exp(3 * (x - 0.5))).toArray();
            double[] ones = new double[15];
            Arrays.fill(ones, 1);
            Ratios ratios = Ratios.of(ours, ones);
            held += ratios.low() <= 1 && ratios.high() >= 1 ? 1 : 0;
        }
        assertTrue(held > 1880, "held=" + held);
    }

    @Test
    void shouldTakeASinglePair() {
        Ratios ratios = Ratios.of(new double[] {3}, new double[] {2});
        assertEquals(1.5, ratios.low());
        assertEquals(1.5, ratios.high());
        assertEquals(0, ratios.confidence());
    }
}
