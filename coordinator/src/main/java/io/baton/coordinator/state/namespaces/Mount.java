package io.baton.coordinator.state.namespaces;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A line of {@code /proc/PID/mountinfo}. Source: {@code proc_pid_mountinfo(5)}.
 *
 * @param id of the mount
 * @param parent id of the mount it lies on
 * @param device major and minor number
 * @param root which folder of the file system is mounted
 * @param point where
 * @param options of this mount
 * @param type of the file system
 * @param source what is mounted
 * @param superOptions of the file system
 */
public record Mount(
        int id,
        int parent,
        String device,
        String root,
        String point,
        String options,
        String type,
        String source,
        String superOptions) {
    private static final int FIRST_OPTIONAL = 6;

    /** All that a task sees, in the order in which they were mounted. */
    public static List<Mount> of(String task) {
        return VirtualFile.text("/proc/" + task + "/mountinfo")
                .lines()
                .map(Mount::parse)
                .toList();
    }

    private static Mount parse(String line) {
        String[] words = line.split(" ");
        int end = FIRST_OPTIONAL;
        while (!words[end].equals("-")) {
            end++;
        }
        return new Mount(
                Integer.parseInt(words[0]),
                Integer.parseInt(words[1]),
                words[2],
                unescape(words[3]),
                unescape(words[4]),
                words[5],
                words[end + 1],
                unescape(words[end + 2]),
                words.length > end + 3 ? words[end + 3] : "");
    }

    /** Blanks and the like are written as three octal digits; what is not ASCII, as the bytes it has in the path. */
    private static String unescape(String text) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\\' && i + 3 < text.length()) {
                plain.append((char) Integer.parseInt(text.substring(i + 1, i + 4), 8));
                i += 3;
            } else {
                plain.append(text.charAt(i));
            }
        }
        return new String(plain.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /** Whether it is a whole /proc in its usual place. */
    boolean isProc() {
        return type.equals("proc") && root.equals("/") && point.equals("/proc");
    }

    /** What is to be the same for both to show the same files. */
    String view() {
        return String.join(" ", point, root, type, options);
    }
}
