package io.baton.coordinator.cli;

import io.baton.coordinator.state.namespaces.JoinedNamespace;
import io.baton.coordinator.state.namespaces.Namespace;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which namespaces a restored tree gets new. */
final class NamespaceOptions {
    private static final Set<Namespace> POSSIBLE =
            EnumSet.of(Namespace.UTS, Namespace.IPC, Namespace.MNT, Namespace.NET, Namespace.PID);

    @Option(
            names = "--pidns",
            description = "Restore into a new pid namespace, with a /proc of its own; its pids cannot be taken.")
    boolean pid;

    @Option(
            names = "--ns",
            paramLabel = "KIND",
            split = ",",
            converter = ByName.class,
            description =
                    "Restore into new namespaces of these kinds: uts, ipc, mnt (with a /proc of its own), net (with"
                            + " lo up), pid. Those that the image has come back without it.")
    Set<Namespace> kinds = EnumSet.noneOf(Namespace.class);

    @Option(
            names = "--join-ns",
            paramLabel = "KIND:FILE|PID",
            converter = Joined.class,
            description =
                    "Restore into a namespace of somebody else's, by its file or the pid of who is in it: net, uts."
                            + " In place of the one that the image has, if any. Can be given again.")
    List<JoinedNamespace> joins = new ArrayList<>();

    /** All that are asked for. */
    Set<Namespace> namespaces() {
        Set<Namespace> all = EnumSet.noneOf(Namespace.class);
        all.addAll(kinds);
        if (pid) {
            all.add(Namespace.PID);
        }
        return all;
    }

    /** What is to be joined. */
    static final class Joined implements ITypeConverter<JoinedNamespace> {
        @Override
        public JoinedNamespace convert(String text) {
            try {
                return JoinedNamespace.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }

    /** A kind from its name. */
    static final class ByName implements ITypeConverter<Namespace> {
        @Override
        public Namespace convert(String name) {
            for (Namespace namespace : POSSIBLE) {
                if (namespace.text().equals(name.toLowerCase(Locale.ROOT))) {
                    return namespace;
                }
            }
            for (Namespace namespace : Namespace.values()) {
                if (namespace.text().equals(name.toLowerCase(Locale.ROOT))) {
                    throw new TypeConversionException(namespace.text() + " namespaces cannot be made yet");
                }
            }
            throw new TypeConversionException("'" + name + "' is none of uts, ipc, mnt, net, pid");
        }
    }
}
