package io.baton.coordinator.serve;

import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Limit;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcStatus;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Whether what a client asks for can be done here as its own JVM would do it: with the same rights, seeing the same files
 * and processes, by the same classes and options. What a tree inherits (session, terminal, nice value and the like) it
 * has from the client, so that may differ. All is read from the client's {@code /proc}, not taken on trust.
 */
final class CallerCheck {
    /** What changes how a JVM reads names, or what it does. */
    private static final List<String> DECISIVE = List.of(
            "LANG",
            "LC_ALL",
            "LC_CTYPE",
            "JAVA_TOOL_OPTIONS",
            "JDK_JAVA_OPTIONS",
            "_JAVA_OPTIONS",
            "BATON_FAULT",
            "CHRONICLE_ANNOUNCER_DISABLE");

    private static final List<String> NAMESPACES = List.of(
            "cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts");

    private static final int PR_GET_SECUREBITS = 27;

    private final int self = Identity.pid();

    /** Our own command line up to the user's arguments. */
    private final List<String> command;

    private final Map<String, String> environment;

    /** Takes down what we are. */
    CallerCheck() {
        try (ProcFs proc = new ProcFs()) {
            final List<String> all = strings(proc, self, "cmdline");
            command = List.copyOf(all.subList(0, Math.max(0, all.indexOf("serve"))));
            environment = environment(proc, self);
        }
    }

    /**
     * Who asks, or null if it should rather do it itself.
     *
     * @param pid of the client
     * @param secureBits as it says
     * @param count of its last arguments that are the user's
     * @param columns of its terminal
     */
    @Nullable
    Caller check(final int pid, final int secureBits, final int count, final int columns) {
        try (ProcFs proc = new ProcFs()) {
            final ProcStatus theirs = proc.status(pid);
            final List<String> arguments = strings(proc, pid, "cmdline");
            final Map<String, String> variables = environment(proc, pid);
            final String directory = proc.readLink(pid, "cwd");
            final boolean same = isSame(theirs, proc.status(self))
                    && secureBits == (int) Prctl.control(PR_GET_SECUREBITS, 0, 0, 0, 0)
                    && isSamePlace(proc, pid)
                    && areSameLimits(pid)
                    && isSameCommand(arguments, count)
                    && DECISIVE.stream().allMatch(name -> Objects.equals(variables.get(name), environment.get(name)))
                    && directory.startsWith("/")
                    && !directory.endsWith(" (deleted)");
            return same
                    ? new Caller(
                            arguments.subList(arguments.size() - count, arguments.size()),
                            variables,
                            Path.of(directory),
                            theirs.umask(),
                            columns)
                    : null;
        } catch (final LinuxException e) {
            return null; // gone, or not to be looked at
        }
    }

    private static boolean isSame(final ProcStatus theirs, final ProcStatus ours) {
        return theirs.uid().equals(ours.uid())
                && theirs.gid().equals(ours.gid())
                && theirs.groups().equals(ours.groups())
                && theirs.capabilities().equals(ours.capabilities())
                && theirs.noNewPrivileges() == ours.noNewPrivileges()
                && theirs.seccompMode() == ours.seccompMode()
                && theirs.seccompMode() == 0;
    }

    private boolean isSamePlace(final ProcFs proc, final int pid) {
        for (final String namespace : NAMESPACES) {
            if (!link(proc, pid, "ns/" + namespace).equals(link(proc, self, "ns/" + namespace))) {
                return false;
            }
        }
        final FileStatus root = Files.statusAt(Files.AT_FDCWD, "/proc/" + pid + "/root/", 0);
        final FileStatus ours = Files.statusAt(Files.AT_FDCWD, "/", 0);
        return root.dev() == ours.dev()
                && root.ino() == ours.ino()
                && proc.readText(pid, "cgroup").equals(proc.readText(self, "cgroup"))
                && label(proc, pid).equals(label(proc, self));
    }

    private static String link(final ProcFs proc, final int pid, final String name) {
        try {
            return proc.readLink(pid, name);
        } catch (final LinuxException e) {
            return ""; // a kernel without this kind
        }
    }

    private static String label(final ProcFs proc, final int pid) {
        try {
            return proc.readText(pid, "attr/current");
        } catch (final LinuxException e) {
            return "";
        }
    }

    /** But for the soft limit of descriptors, which a JVM raises for itself. */
    private static boolean areSameLimits(final int pid) {
        for (int resource = 0; resource < Limit.COUNT; resource++) {
            final Limit theirs = Limit.get(pid, resource);
            final Limit ours = Limit.get(0, resource);
            final boolean same =
                    resource == Limit.RLIMIT_NOFILE ? theirs.maximum() == ours.maximum() : theirs.equals(ours);
            if (!same) {
                return false;
            }
        }
        return true;
    }

    /** The client's are its own name, a count, and then what would start a JVM. */
    private boolean isSameCommand(final List<String> arguments, final int count) {
        final int jvm = 2;
        return count >= 0
                && arguments.size() == jvm + command.size() + count
                && arguments.subList(jvm, jvm + command.size()).equals(command)
                && arguments.stream().allMatch(CallerCheck::isPlain);
    }

    /** Whether it is the same text in every character set. */
    private static boolean isPlain(final String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }

    private static Map<String, String> environment(final ProcFs proc, final int pid) {
        final Map<String, String> environment = new HashMap<>();
        for (final String entry : strings(proc, pid, "environ")) {
            final int equals = entry.indexOf('=');
            if (equals > 0) {
                environment.putIfAbsent(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        return environment;
    }

    private static List<String> strings(final ProcFs proc, final int pid, final String name) {
        final String all = new String(proc.read(pid, name), StandardCharsets.UTF_8);
        final List<String> strings = new ArrayList<>();
        for (int at = 0; at < all.length(); ) {
            final int zero = all.indexOf('\0', at);
            final int end = zero < 0 ? all.length() : zero;
            strings.add(all.substring(at, end));
            at = end + 1;
        }
        return strings;
    }
}
