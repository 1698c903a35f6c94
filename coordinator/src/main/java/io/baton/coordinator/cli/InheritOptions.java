package io.baton.coordinator.cli;

import io.baton.task.linux.Descriptors;
import io.baton.task.linux.LinuxException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Descriptors of ours that a restored tree gets. */
final class InheritOptions {
    private static final Pattern FORM = Pattern.compile("fd\\[([0-9]{1,9})]:(.+)");

    @Option(
            names = "--inherit-fd",
            paramLabel = "FD[N]:KEY",
            description =
                    "fd[N]:KEY: the tree gets our descriptor N in place of what the image has: pipe:[INODE], socket:[INODE]"
                            + " (TCP and UDP), tty[RDEV:DEV], file[MNT_ID:INODE], or a path without the leading slash.")
    private List<String> given = new ArrayList<>();

    /** Our descriptors, by what they are given for. */
    Map<String, Integer> descriptors() {
        Map<String, Integer> descriptors = new HashMap<>();
        for (String option : given) {
            Matcher form = FORM.matcher(option);
            if (!form.matches()) {
                throw new Misuse("--inherit-fd=" + option + " is not of the form fd[N]:KEY, such as fd[5]:pipe:[4711]");
            }
            int fd = Integer.parseInt(form.group(1));
            requireGiven(option, fd);
            if (descriptors.putIfAbsent(form.group(2), fd) != null) {
                throw new Misuse("--inherit-fd=" + option + ": that is given twice");
            }
        }
        return descriptors;
    }

    /** What came to us over execve(2) has no FD_CLOEXEC; what the JVM has opened by itself has. */
    private static void requireGiven(String option, int fd) {
        try {
            if ((Descriptors.flags(fd) & Descriptors.FD_CLOEXEC) == 0) {
                return;
            }
        } catch (LinuxException e) {
            // told below
        }
        throw new Misuse("--inherit-fd=" + option + ": descriptor " + fd + " is not open; open it for us, as by " + fd
                + "<>FILE in a shell");
    }
}
