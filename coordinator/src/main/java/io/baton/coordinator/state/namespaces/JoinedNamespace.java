package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.Refusals;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * A namespace of somebody else's that a tree comes back in, in place of the one it was saved in.
 *
 * @param namespace its kind
 * @param file one of nsfs, or a link in {@code /proc/PID/ns}
 */
public record JoinedNamespace(Namespace namespace, String file) {
    /** Those that take nothing along: what is in an ipc namespace stays there, and a time namespace changes every deadline. */
    private static final Set<Namespace> POSSIBLE = EnumSet.of(Namespace.NET, Namespace.UTS);

    /** Linux 4.11. */
    private static final int NS_GET_NSTYPE = 0xb703;

    private static final int HANDLE = 1;

    /** From text as CRIU takes it: {@code net:/run/netns/blue}, {@code uts:4711}. */
    public static JoinedNamespace parse(String text) {
        int colon = text.indexOf(':');
        String kind = colon < 0 ? text : text.substring(0, colon);
        String place = colon < 0 ? "" : text.substring(colon + 1);
        for (Namespace namespace : Namespace.values()) {
            if (namespace.text().equals(kind.toLowerCase(Locale.ROOT)) && !place.isEmpty()) {
                if (!POSSIBLE.contains(namespace)) {
                    throw new IllegalArgumentException(namespace.text() + " namespaces cannot be joined yet");
                }
                boolean pid = place.chars().allMatch(c -> c >= '0' && c <= '9');
                return new JoinedNamespace(namespace, pid ? "/proc/" + place + "/" + namespace.link() : place);
            }
        }
        throw new IllegalArgumentException("'" + text + "' is not KIND:FILE or KIND:PID with a kind of net, uts");
    }

    /** Adds the reason why it cannot be joined. */
    void validate(int root, Refusals refusals) {
        String what = namespace.text() + " namespace " + file;
        try (Fd fd = Files.open(file, Files.O_RDONLY | Files.O_CLOEXEC)) {
            if (Files.ioctl(fd.number(), NS_GET_NSTYPE, 0) != namespace.flag()) {
                refusals.add(root, what, "is a namespace of another kind", "give --join-ns the right file");
            }
        } catch (LinuxException e) {
            String reason = e.errno() == Errno.ENOTTY ? "is no namespace" : Errno.messageOf(e.errno());
            refusals.add(root, what, "cannot be joined: " + reason, "give --join-ns a file of a namespace, or a pid");
        }
    }

    /** What the root does. */
    void compile(ProgramBuilder program) {
        int path = program.string(file);
        program.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(Files.O_RDONLY | Files.O_CLOEXEC)
                .value(0)
                .store(HANDLE);
        program.call(SyscallNumber.SETNS).register(HANDLE).value(namespace.flag());
        program.call(SyscallNumber.CLOSE).register(HANDLE);
    }
}
