package io.baton.coordinator.regress;

/** The kernel did something else than it must: what was expected, what was seen. */
public final class CheckFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final boolean timeout;

    private CheckFailure(String message, boolean timeout) {
        super(message);
        this.timeout = timeout;
    }

    /** Something else was seen than expected. */
    public static CheckFailure unexpected(String what, String expected, String seen) {
        return new CheckFailure(what + ": expected " + expected + ", seen " + seen, false);
    }

    /** It went wrong in another way. */
    public static CheckFailure because(String reason) {
        return new CheckFailure(reason, false);
    }

    /** Nothing came until the deadline. */
    public static CheckFailure timeout(String waitingFor) {
        return new CheckFailure("timeout, waiting for " + waitingFor, true);
    }

    public boolean isTimeout() {
        return timeout;
    }
}
