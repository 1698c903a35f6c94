package io.baton.coordinator.cli;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.image.ImageException;
import io.baton.mktree.plan.PlanException;
import io.baton.mktree.tree.TreeException;
import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.VanishedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** How every command ends badly: one form of message on standard error, one exit status for each kind of failure. */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {
    private static final String BAD_IMAGE_REMEDY = "dump again, or use a good copy";
    private static final String BUG_REMEDY = "this is a defect of Baton: run again with -v and report what it prints";

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
        final BatonException failure = classify(e);
        final PrintWriter err = line.getErr();
        err.println("baton: " + failure.message());
        if (!failure.remedy().isEmpty()) {
            err.println("  remedy: " + failure.remedy());
        }
        if (logging.wantsStackTrace(failure.code() == ErrorCode.INTERNAL)) {
            e.printStackTrace(err);
        }
        err.flush();
        return failure.code().exitStatus();
    }

    /** Gives a code to what came up from the rooms below, which know none. */
    static BatonException classify(final Exception e) {
        if (e instanceof BatonException failure) {
            return failure;
        }
        if (e instanceof UncheckedIOException unchecked && unchecked.getCause() != null) {
            return classify(unchecked.getCause());
        }
        if (e instanceof ImageException || e instanceof TreeException || e instanceof PlanException) {
            return failure(ErrorCode.BAD_IMAGE, e.getMessage(), BAD_IMAGE_REMEDY, e);
        }
        if (e instanceof VanishedException) {
            return failure(ErrorCode.NO_SUCH_PROCESS, e.getMessage(), "", e);
        }
        if (e instanceof LinuxException linux) {
            return ofErrno(linux);
        }
        if (e instanceof NoSuchFileException) {
            return failure(ErrorCode.IMAGE_IO, "no such file: " + e.getMessage(), "", e);
        }
        if (e instanceof AccessDeniedException) {
            return failure(ErrorCode.NOT_PERMITTED, "permission denied: " + e.getMessage(), "", e);
        }
        if (e instanceof IOException) {
            return failure(ErrorCode.IMAGE_IO, "input or output failed: " + e.getMessage(), "", e);
        }
        return failure(ErrorCode.INTERNAL, "internal error: " + e, BUG_REMEDY, e);
    }

    private static BatonException ofErrno(final LinuxException e) {
        return switch (e.errno()) {
            case Errno.EPERM, Errno.EACCES ->
                failure(ErrorCode.NOT_PERMITTED, e.getMessage(), "run as root or with the capabilities it needs", e);
            case Errno.ESRCH -> failure(ErrorCode.NO_SUCH_PROCESS, e.getMessage(), "", e);
            case Errno.ENOSPC -> failure(ErrorCode.IMAGE_IO, e.getMessage(), "free some space", e);
            default -> failure(ErrorCode.INTERNAL, "a system call failed: " + e.getMessage(), BUG_REMEDY, e);
        };
    }

    private static BatonException failure(
            final ErrorCode code, final @Nullable String message, final String remedy, final Exception cause) {
        return new BatonException(code, message == null ? cause.toString() : message, remedy, cause);
    }
}
