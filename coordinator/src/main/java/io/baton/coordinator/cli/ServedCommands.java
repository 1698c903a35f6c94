package io.baton.coordinator.cli;

import io.baton.coordinator.serve.Asker;
import io.baton.coordinator.serve.Caller;
import io.baton.coordinator.serve.Server;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which command lines a server runs: dumps and restores whose coordinator nobody has anything to do with afterwards, or
 * meanwhile but by its end. Scripts are not run, for they would be the server's children; nor is what leaves a process of
 * ours behind, takes the terminal of whoever asks, or logs more than others.
 */
final class ServedCommands implements Server.Commands {
    private static final List<String> SERVED = List.of("restore", "dump");
    /** Those that are as good here as there; what is not known yet is not served. */
    private static final Set<String> OPTIONS = Set.of(
            "--images-dir",
            "--restore-detached",
            "--leave-stopped",
            "--leave-running",
            "--verify",
            "--order",
            "--pidns",
            "--pidfile",
            "--tcp-close",
            "--skip-in-flight",
            "--tree",
            "--no-suspend",
            "--suspend-timeout",
            "--suspend-required",
            "--timeout",
            "--stage-timeout",
            "--json",
            "--no-journal",
            "--journal-dir",
            "--verbosity");

    private final Map<String, List<OptionTable.Option>> options = new HashMap<>();

    ServedCommands() throws ReflectiveOperationException {
        final String table = OptionTable.text();
        for (final String name : SERVED) {
            options.put(name, OptionTable.read(table, name));
        }
    }

    @Override
    public Server.@Nullable Command prepare(final Asker asker) {
        final Caller caller = asker.caller();
        final String[] args = LogOptions.spellOut(caller.arguments().toArray(String[]::new));
        final List<OptionTable.Option> known = args.length == 0 ? null : options.get(args[0]);
        final PlainCommand plain = known == null ? null : PlainCommand.of(known, caller.directory(), args);
        if (plain == null
                || !plain.logging().isPlain()
                || !plain.hasOnly(OPTIONS)
                || (plain.command() instanceof DumpCommand dump
                        && isAbove(dump.target.root, asker.parent().pid()))) {
            return null;
        }
        return () -> plain.run(Console.of(asker, plain.logging()));
    }

    /** Whether a process, or the server, is part of the tree that is to be dumped. */
    private static boolean isAbove(final int root, final int pid) {
        return isAncestor(root, pid) || isAncestor(root, Identity.pid());
    }

    private static boolean isAncestor(final int root, final int pid) {
        try (ProcFs proc = new ProcFs()) {
            for (int at = pid; at > 0; at = proc.stat(at).parent()) {
                if (at == root) {
                    return true;
                }
            }
            return false;
        } catch (final LinuxException e) {
            return true; // who knows
        }
    }
}
