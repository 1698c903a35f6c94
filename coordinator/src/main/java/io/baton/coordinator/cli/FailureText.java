package io.baton.coordinator.cli;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.error.Failure;
import java.io.PrintWriter;

/** What is said of an exception that a command ended with. */
final class FailureText {
    private static final int MISUSED = 2;

    private FailureText() {}

    /**
     * Says it.
     *
     * @param command as the user calls it
     * @return the exit status
     */
    static int tell(
            final Exception e,
            final String command,
            final boolean json,
            final PrintWriter out,
            final PrintWriter err,
            final LogOptions logging) {
        if (e instanceof Misuse) {
            err.println("baton: " + e.getMessage());
            err.println("  remedy: see " + command + " --help");
            err.flush();
            return MISUSED;
        }
        final BatonException failure = Failure.of(e);
        err.println("baton: " + failure.message());
        if (!failure.remedy().isEmpty()) {
            err.println("  remedy: " + failure.remedy());
        }
        if (json) {
            OutcomeJson.failure(out, failure);
        }
        if (logging.wantsStackTrace(failure.code() == ErrorCode.INTERNAL)) {
            e.printStackTrace(err);
        }
        err.flush();
        return failure.code().exitStatus();
    }
}
