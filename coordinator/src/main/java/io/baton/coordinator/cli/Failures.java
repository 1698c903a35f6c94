package io.baton.coordinator.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** How every command ends badly: one form of message on standard error, one exit status for each kind of failure. */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {
    private final LogOptions logging;

    Failures(final LogOptions logging) {
        this.logging = logging;
    }

    @Override
    public int handleParseException(final ParameterException e, final String[] args) {
        final CommandLine line = e.getCommandLine();
        final PrintWriter err = line.getErr();
        if (args.length == 0) {
            line.usage(err);
        } else {
            err.println("baton: " + e.getMessage());
            UnmatchedArgumentException.printSuggestions(e, err);
            err.println("  remedy: see " + line.getCommandSpec().qualifiedName() + " --help");
        }
        err.flush();
        return line.getCommandSpec().exitCodeOnInvalidInput();
    }

    @Override
    public int handleExecutionException(final Exception e, final CommandLine line, final ParseResult parsed) {
        final String command = line.getCommandSpec().qualifiedName();
        return FailureText.tell(e, command, wantsJson(line), line.getOut(), line.getErr(), logging);
    }

    private static boolean wantsJson(final CommandLine line) {
        final ParseResult parsed = line.getParseResult();
        return parsed != null && parsed.hasMatchedOption("--json");
    }
}
