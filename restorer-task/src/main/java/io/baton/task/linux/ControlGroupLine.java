package io.baton.task.linux;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The group a task is in, in one hierarchy. Source: {@code cgroups(7)}, {@code /proc/PID/cgroup}.
 *
 * @param names controllers of the hierarchy, sorted, or {@code name=...}; empty for version 2
 * @param group path from the hierarchy's root, or from that of our cgroup namespace; {@code (deleted)} may follow
 */
public record ControlGroupLine(List<String> names, String group) {
    /**
     * Of a thread, one for each hierarchy.
     *
     * @throws VanishedException if there is no such thread
     */
    public static List<ControlGroupLine> of(final ProcFs proc, final int pid, final int tid) {
        return parseAll(proc.readText(pid, "task/" + tid + "/cgroup"));
    }

    /** All lines of such a file. */
    public static List<ControlGroupLine> parseAll(final String text) {
        final List<ControlGroupLine> lines = new ArrayList<>();
        for (final String line : text.split("\n")) {
            final int first = line.indexOf(':');
            final int second = line.indexOf(':', first + 1);
            if (second > first && first >= 0) {
                lines.add(new ControlGroupLine(names(line.substring(first + 1, second)), line.substring(second + 1)));
            }
        }
        return lines;
    }

    private static List<String> names(final String text) {
        return text.isEmpty()
                ? List.of()
                : Arrays.stream(text.split(",")).sorted().toList();
    }

    /** Whether it is of version 2. */
    public boolean isUnified() {
        return names.isEmpty();
    }
}
