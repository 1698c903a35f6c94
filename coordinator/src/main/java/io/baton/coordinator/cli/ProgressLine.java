package io.baton.coordinator.cli;

import io.baton.coordinator.inspect.Units;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * How far an operation is, as one line.
 *
 * @param what is being done
 * @param done tasks
 * @param tasks all of them; 0: not known yet
 * @param bytes of pages so far
 * @param totalBytes all of them; 0: unknown
 * @param nanos since it began
 */
record ProgressLine(String what, int done, int tasks, long bytes, long totalBytes, long nanos) {
    private static final int BAR = 24;
    private static final int PERCENT = 100;

    /** The line, with a bar when there is room for it. */
    String text(int columns) {
        String numbers = what + numbers();
        int share = share();
        if (share < 0 || numbers.length() + BAR + 8 > columns) {
            return numbers.substring(0, Math.min(numbers.length(), Math.max(0, columns - 1)));
        }
        int filled = share * BAR / PERCENT;
        return String.format(
                Locale.ROOT, "%s [%s%s] %3d%%", numbers, "#".repeat(filled), ".".repeat(BAR - filled), share);
    }

    private String numbers() {
        StringBuilder text = new StringBuilder();
        if (tasks > 0) {
            text.append(String.format(Locale.ROOT, "  %d/%d tasks", done, tasks));
        }
        if (bytes > 0 || totalBytes > 0) {
            text.append("  ").append(Units.bytes(bytes));
            text.append(totalBytes > 0 ? " of " + Units.bytes(totalBytes) : "");
        }
        return text.append("  ").append(seconds(nanos)).toString();
    }

    /** Percent done: of the bytes where they are known, for they take the time, else of the tasks; -1: unknown, or only one. */
    private int share() {
        if (totalBytes > 0 && bytes > 0) {
            return (int) Math.min(PERCENT, PERCENT * bytes / totalBytes);
        }
        return tasks > 1 ? Math.min(PERCENT, PERCENT * done / tasks) : -1;
    }

    /** A time in seconds, short ones more exactly. */
    static String seconds(long nanos) {
        double seconds = (double) nanos / TimeUnit.SECONDS.toNanos(1);
        return String.format(Locale.ROOT, seconds < 10 ? "%.2f s" : "%.0f s", seconds);
    }
}
