package io.baton.coordinator.bench;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers with units, as they are given and shown. */
final class Units {
    private static final Pattern SIZE = Pattern.compile("(\\d+)([kKmMgG]?)i?B?");
    private static final int STEP = 1024;
    private static final double TOO_LONG = 1e9;

    private Units() {}

    /** Bytes of a text such as 4096, 64K, 200M, 4G. */
    static long bytes(String text) {
        Matcher found = SIZE.matcher(text);
        if (!found.matches()) {
            throw new NumberFormatException("no size: " + text);
        }
        long number = Long.parseLong(found.group(1));
        return switch (found.group(2).toUpperCase(Locale.ROOT)) {
            case "K" -> Math.multiplyExact(number, STEP);
            case "M" -> Math.multiplyExact(number, STEP * STEP);
            case "G" -> Math.multiplyExact(number, (long) STEP * STEP * STEP);
            default -> number;
        };
    }

    /** Bytes, with three digits. */
    static String size(long bytes) {
        return size((double) bytes);
    }

    /** Bytes, with three digits. */
    static String size(double bytes) {
        String[] units = {"B", "KiB", "MiB", "GiB"};
        double value = bytes;
        int unit = 0;
        while (value >= STEP && unit < units.length - 1) {
            value /= STEP;
            unit++;
        }
        return String.format(Locale.ROOT, value < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    }

    /** A duration in ns, with three digits. */
    static String time(long nanos) {
        return time((double) nanos);
    }

    /** A duration in ns, with three digits. */
    static String time(double nanos) {
        String[] units = {"ns", "us", "ms", "s"};
        double value = nanos;
        int unit = 0;
        while (value >= 1000 && unit < units.length - 1) {
            value /= 1000;
            unit++;
        }
        String digits = value < 10 ? "%.2f %s" : value < 100 ? "%.1f %s" : "%.0f %s";
        return String.format(Locale.ROOT, nanos >= TOO_LONG * 1000 ? "%.0f %s" : digits, value, units[unit]);
    }

    /** A ratio, with three digits. */
    static String ratio(double value) {
        return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
    }
}
