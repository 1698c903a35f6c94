package io.baton.coordinator.error;

import org.jspecify.annotations.Nullable;

/** The one exception an operation ends with: a code for programs, one line for people, and what they can do. */
public final class BatonException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final String remedy;

    /**
     * @param message what went wrong: the task, the thing, the call
     * @param remedy what the user can do; empty when nothing
     */
    public BatonException(final ErrorCode code, final String message, final String remedy) {
        this(code, message, remedy, null);
    }

    public BatonException(
            final ErrorCode code, final String message, final String remedy, final @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.remedy = remedy;
    }

    public ErrorCode code() {
        return code;
    }

    public String remedy() {
        return remedy;
    }

    /** Message (never null, unlike {@link #getMessage()} by its type). */
    public String message() {
        final String message = getMessage();
        return message == null ? code.name() : message;
    }
}
