package io.baton.coordinator.cli;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.serve.Server;
import java.io.File;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton serve}. */
@Command(
        name = "serve",
        description = {
            "Stays, and does what baton is asked to by the same user, without a new JVM for each command.",
            "Nothing changes for who calls baton: what a server may not or cannot do exactly as the command itself would,"
                    + " the command does itself."
        })
final class ServeCommand implements Callable<Integer> {
    private static final int NONE_RUNS = 1;

    @Option(
            names = "--idle-timeout",
            defaultValue = "300",
            paramLabel = "SECONDS",
            description = "End when nobody has asked for so long; 0: never (default: ${DEFAULT-VALUE}).")
    private double idleSeconds;

    @ArgGroup
    private Question question = new Question();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    /** What is asked of a server that runs. */
    static final class Question {
        @Option(names = "--status", description = "Tell of the server that runs; the exit status is 1 if none does.")
        private boolean status;

        @Option(names = "--stop", description = "Have the server that runs end when it has done what it is at.")
        private boolean stop;
    }

    @Override
    public Integer call() throws ReflectiveOperationException {
        final PrintWriter out = spec.commandLine().getOut();
        if (question.status || question.stop) {
            final String answer = Server.ask(System.getenv(), question.stop);
            out.println(answer == null ? "no server runs: " + Server.path(System.getenv()) : answer.strip());
            return answer == null ? NONE_RUNS : 0;
        }
        new LogOptions().apply();
        try (Server server = Server.listen(System.getenv(), new ServedCommands(), jar())) {
            final Thread hook = new Thread(() -> end(server), "end");
            Runtime.getRuntime().addShutdownHook(hook);
            out.println("serving: " + Server.path(System.getenv()));
            out.flush();
            server.run((long) (idleSeconds * TimeUnit.SECONDS.toNanos(1)));
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (final IllegalStateException e) {
                return 0; // it runs, and closes the server
            }
        }
        return 0;
    }

    /** A signal: what runs is undone, and its clients are told, before the JVM ends. */
    private static void end(final Server server) {
        server.end();
        server.close();
    }

    /** The jar that the launcher has made and a client must have been made with. */
    private static @Nullable Path jar() {
        final String start = System.getProperty(OptionTable.PROPERTY);
        if (start == null) {
            throw new BatonException(
                    ErrorCode.MISSING_RESOURCE,
                    "a server can only be started by the launcher, which its clients are started by too",
                    "call ./baton serve");
        }
        final String path = System.getProperty("java.class.path");
        return path.contains(File.pathSeparator) ? null : Path.of(path); // null: in a test
    }
}
