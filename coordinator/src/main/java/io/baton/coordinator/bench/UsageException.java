package io.baton.coordinator.bench;

/** What was asked for makes no sense; the message says what, and what would. */
public final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UsageException(String message, String remedy) {
        super(message + "; " + remedy);
    }
}
