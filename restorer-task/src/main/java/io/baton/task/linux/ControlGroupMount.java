package io.baton.task.linux;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A mounted hierarchy of control groups. Source: {@code proc_pid_mountinfo(5)}, {@code cgroups(7)}.
 *
 * @param version 1 or 2
 * @param names controllers of version 1, or {@code name=...} of one without; empty for version 2
 * @param root the group that is mounted, as {@code /proc/PID/cgroup} names it; usually {@code /}
 * @param point where
 */
public record ControlGroupMount(int version, List<String> names, String root, Path point) {
    private static final int ROOT_FIELD = 3;
    private static final int POINT_FIELD = 4;

    /** All that we see; a hierarchy that is mounted twice only as it was first. */
    public static List<ControlGroupMount> all() {
        final List<ControlGroupMount> found = new ArrayList<>();
        for (final String line : lines()) {
            final ControlGroupMount mount = parse(line);
            if (mount != null
                    && found.stream()
                            .noneMatch(other -> other.version == mount.version && other.names.equals(mount.names))) {
                found.add(mount);
            }
        }
        return found;
    }

    private static String[] lines() {
        try (ProcFs proc = new ProcFs()) {
            return proc.readText(Identity.pid(), "mountinfo").split("\n");
        }
    }

    private static @Nullable ControlGroupMount parse(final String line) {
        final int dash = line.indexOf(" - ");
        if (dash < 0) {
            return null;
        }
        final String[] type = line.substring(dash + 3).split(" ");
        final String[] fields = line.substring(0, dash).split(" ");
        final String root = unescape(fields[ROOT_FIELD]);
        final Path point = Path.of(unescape(fields[POINT_FIELD]));
        if (type[0].equals("cgroup2")) {
            return new ControlGroupMount(2, List.of(), root, point);
        }
        if (!type[0].equals("cgroup")) {
            return null;
        }
        final List<String> names = Arrays.stream(type[type.length - 1].split(","))
                .filter(option -> !isFlag(option))
                .sorted()
                .toList();
        return new ControlGroupMount(1, names, root, point);
    }

    /** What is no controller among the options of a mounted hierarchy. */
    private static boolean isFlag(final String option) {
        return switch (option) {
            case "rw", "ro", "xattr", "noprefix", "clone_children", "cpuset_v2_mode", "favordynmods", "seclabel" ->
                true;
            default -> option.startsWith("release_agent=");
        };
    }

    /** The kernel writes blanks and the like as three octal digits. */
    private static String unescape(final String text) {
        if (text.indexOf('\\') < 0) {
            return text;
        }
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        final byte[] result = new byte[bytes.length];
        int length = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\\' && i + 3 < bytes.length) {
                result[length++] = (byte) Integer.parseInt(text.substring(i + 1, i + 4), 8);
                i += 3;
            } else {
                result[length++] = bytes[i];
            }
        }
        return new String(result, 0, length, StandardCharsets.UTF_8);
    }

    /** Whether it is the hierarchy that a line of {@code /proc/PID/cgroup} is about. */
    public boolean isOf(final ControlGroupLine line) {
        return line.isUnified() ? version == 2 : version == 1 && names.equals(line.names());
    }

    /**
     * The directory of a group.
     *
     * @param group as {@code /proc/PID/cgroup} names it
     * @return null if it is not below the group that is mounted
     */
    public @Nullable Path directory(final String group) {
        if (root.equals("/")) {
            return point.resolve(group.substring(1));
        }
        if (group.equals(root)) {
            return point;
        }
        return group.startsWith(root + "/") ? point.resolve(group.substring(root.length() + 1)) : null;
    }

    /** The group of a directory, as {@code /proc/PID/cgroup} names it; null if it is none of this mount. */
    public @Nullable String group(final Path directory) {
        if (!directory.startsWith(point)) {
            return null;
        }
        final String below = point.relativize(directory).toString();
        final String base = root.equals("/") ? "" : root;
        return below.isEmpty() ? root : base + "/" + below;
    }
}
