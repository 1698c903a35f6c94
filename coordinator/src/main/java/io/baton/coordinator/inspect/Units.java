package io.baton.coordinator.inspect;

import java.util.Locale;

/** Sizes and counts for people. */
public final class Units {
    private static final int STEP = 1024;
    private static final String[] NAMES = {"B", "KiB", "MiB", "GiB", "TiB"};

    private Units() {}

    /** A size with a unit and at most one decimal: {@code 132 KiB}, {@code 1.5 MiB}. */
    public static String bytes(final long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= STEP && unit < NAMES.length - 1) {
            value /= STEP;
            unit++;
        }
        final boolean whole = value == Math.rint(value) || value >= 100;
        return String.format(Locale.ROOT, whole ? "%.0f %s" : "%.1f %s", value, NAMES[unit]);
    }

    /** A number of things: {@code 1 process}, {@code 0 threads}. */
    static String count(final int number, final String one, final String many) {
        return number + " " + (number == 1 ? one : many);
    }
}
