package io.baton.coordinator.cli;

import java.util.List;

/** All subcommands, in the order in which the help lists them. A new one needs its name here and a line below. */
final class Commands {
    static final List<String> NAMES = List.of(
            "dump",
            "pre-dump",
            "restore",
            "cont",
            "check",
            "regress",
            "bench",
            "show",
            "explain",
            "convert",
            "journal",
            "timeline",
            "recover",
            "mktree",
            "serve",
            "demo");

    private Commands() {}

    /** The first argument that names a subcommand, or nothing. */
    static String named(final String... args) {
        for (final String arg : args) {
            if (NAMES.contains(arg)) {
                return arg;
            }
        }
        return "";
    }

    /** Makes a subcommand; loads no class of any other. */
    static Object make(final String name) {
        return switch (name) {
            case "dump" -> new DumpCommand();
            case "pre-dump" -> new PreDumpCommand();
            case "restore" -> new RestoreCommand();
            case "cont" -> new ContCommand();
            case "check" -> new CheckCommand();
            case "regress" -> new RegressCommand();
            case "bench" -> new BenchCommand();
            case "show" -> new ShowCommand();
            case "explain" -> new ExplainCommand();
            case "convert" -> new ConvertCommand();
            case "journal" -> new JournalCommand();
            case "timeline" -> new TimelineCommand();
            case "recover" -> new RecoverCommand();
            case "mktree" -> new MktreeCommand();
            case "serve" -> new ServeCommand();
            case "demo" -> new DemoCommand();
            default -> throw new IllegalArgumentException("no such command: name=" + name);
        };
    }
}
