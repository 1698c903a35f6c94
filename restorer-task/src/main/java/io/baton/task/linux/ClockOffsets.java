package io.baton.task.linux;

/** How far the clocks of a task's time namespace are ahead of those of the first one. Source: {@code time_namespaces(7)}. */
public final class ClockOffsets {
    public static final String MONOTONIC = "monotonic";
    public static final String BOOTTIME = "boottime";

    private static final String FILE = "timens_offsets";
    private static final long SECOND = 1_000_000_000;

    private ClockOffsets() {}

    /** In nanoseconds; 0 if the kernel has no time namespaces. */
    public static long of(final ProcFs proc, final int pid, final String clock) {
        final String offsets;
        try {
            offsets = proc.readText(pid, FILE);
        } catch (final VanishedException e) {
            return 0;
        }
        // Of each clock a line: its name, seconds, nanoseconds.
        for (final String line : offsets.split("\n", -1)) {
            final String[] words = line.strip().split("\\s+", -1);
            if (words[0].equals(clock)) {
                return Long.parseLong(words[1]) * SECOND + Long.parseLong(words[2]);
            }
        }
        return 0;
    }
}
