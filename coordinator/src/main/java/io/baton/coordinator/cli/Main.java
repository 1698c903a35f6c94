package io.baton.coordinator.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;

/** The {@code baton} command with all its options and help. */
@Command(
        name = "baton",
        version = "baton 0.1.0-SNAPSHOT",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        synopsisSubcommandLabel = "COMMAND",
        description = "Checkpoints and restores whole trees of Linux processes.",
        footer = {"", "Exit statuses and what to do about them: docs/errors.md."})
public final class Main {
    @Mixin
    private final LogOptions logging = new LogOptions();

    /**
     * The command line for these arguments. Only the subcommand they name is set up, for reflection on all of them is a
     * good part of a start; without a known one, as for {@code --help}, all are, but for {@code --version} none.
     */
    static CommandLine commandLine(final String... args) {
        final Main main = new Main();
        final CommandLine line = new CommandLine(main);
        final String wanted = Commands.named(args);
        final boolean all = wanted.isEmpty() && !isVersion(args);
        for (final String name : Commands.NAMES) {
            if (all || wanted.equals(name)) {
                line.addSubcommand(name, Commands.make(name));
            }
        }
        final Failures failures = new Failures(main.logging);
        return line.setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .setExecutionStrategy(parsed -> {
                    main.logging.apply();
                    final Console before = new Console(line.getOut(), System.err, main.logging, null).enter();
                    try {
                        return new RunLast().execute(parsed);
                    } finally {
                        before.enter();
                    }
                })
                .setParameterExceptionHandler(failures)
                .setExecutionExceptionHandler(failures);
    }

    private static boolean isVersion(final String... args) {
        return args.length == 1 && ("--version".equals(args[0]) || "-V".equals(args[0]));
    }

    /** Runs one command; returns its exit status. */
    static int run(final String... args) {
        final String[] spelled = LogOptions.spellOut(args);
        return commandLine(spelled).execute(spelled);
    }

    /**
     * Runs one command and exits with its status.
     *
     * @param args the command line, as the shell gave it
     */
    public static void main(String[] args) {
        final int status = run(args);
        Interruption.finish(status);
        System.exit(status);
    }
}
