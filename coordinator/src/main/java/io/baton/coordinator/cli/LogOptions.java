package io.baton.coordinator.cli;

import io.baton.coordinator.progress.OperationListener;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * What every command takes: how much to log, and where to. They configure SLF4J's simple binding by system properties,
 * which it reads when the first logger is made: so a command class itself has none.
 */
final class LogOptions {
    static final int WARN = 2;
    static final int INFO = 3;
    static final int DEBUG = 4;

    private static final String PROPERTY = "org.slf4j.simpleLogger.";
    private static final String[] LEVELS = {"off", "error", "warn", "info", "debug", "trace"};

    @Option(
            names = {"-v", "--verbosity"},
            arity = "1",
            paramLabel = "0-5",
            scope = ScopeType.INHERIT,
            description =
                    "What to log: -v0 nothing, -v1 errors and one line at the end, -v2 warnings (the default), -v3 or -v progress, "
                            + "-v4 or -vv details and the stack traces of errors.")
    private int verbosity = WARN;

    @Option(
            names = {"-o", "--log-file"},
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            description = "Log to this file instead of standard error.")
    private @Nullable Path file;

    /** Spells {@code -v}, {@code -vv} and so on as {@code -vN}: an optional number would swallow what follows. */
    static String[] spellOut(final String... args) {
        final String[] spelled = args.clone();
        for (int i = 0; i < spelled.length && !"--".equals(spelled[i]); i++) {
            if (isRepeated(spelled[i])) {
                spelled[i] = "-v" + Math.min(DEBUG, WARN + spelled[i].length() - 1);
            }
        }
        return spelled;
    }

    private static boolean isRepeated(final String arg) {
        int end = 1;
        while (end < arg.length() && arg.charAt(end) == 'v') {
            end++;
        }
        return end > 1 && end == arg.length() && arg.charAt(0) == '-';
    }

    /** Before the first logger is made. A command that runs others decides for them. */
    void apply() {
        if (System.getProperty(PROPERTY + "defaultLogLevel") != null) {
            return;
        }
        final int level = Math.max(0, Math.min(LEVELS.length - 1, verbosity));
        System.setProperty(PROPERTY + "defaultLogLevel", LEVELS[level]);
        if (level >= INFO || file != null) {
            // A single warning needs no time, and a date format is a good part of a start.
            System.setProperty(PROPERTY + "showDateTime", "true");
            System.setProperty(PROPERTY + "dateTimeFormat", "HH:mm:ss.SSS");
        }
        System.setProperty(PROPERTY + "showThreadName", "false");
        System.setProperty(PROPERTY + "showShortLogName", "true");
        if (file != null) {
            System.setProperty(PROPERTY + "logFile", file.toString());
        }
    }

    /** How an operation is told of on standard error: the last line unless -v0, the moving one where no log gets in its way. */
    OperationListener progress() {
        if (verbosity <= 0) {
            return OperationListener.NONE;
        }
        return new Progress(
                Console.current().err(),
                verbosity < INFO || file != null ? Console.current().columns() : 0);
    }

    /** Whether it asks for no more than a server logs for everybody. */
    boolean isPlain() {
        return verbosity <= WARN && file == null;
    }

    /** Whether an error comes with its stack trace: a defect sooner than what a user can do something about. */
    boolean wantsStackTrace(final boolean defect) {
        return verbosity >= (defect ? INFO : DEBUG);
    }
}
