package io.baton.coordinator.error;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The one exception an operation ends with: a code for programs, one line for people, and what they can do. */
public final class BatonException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final String remedy;
    private final transient Details details;
    private final transient List<Refusal> refusals;

    /**
     * @param message what went wrong: the task, the thing, the call
     * @param remedy what the user can do; empty when nothing
     */
    public BatonException(final ErrorCode code, final String message, final String remedy) {
        this(code, message, remedy, null);
    }

    public BatonException(
            final ErrorCode code, final String message, final String remedy, final @Nullable Throwable cause) {
        this(code, message, remedy, Details.NONE, cause);
    }

    public BatonException(
            final ErrorCode code,
            final String message,
            final String remedy,
            final Details details,
            final @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.remedy = remedy;
        this.details = details;
        this.refusals = cause instanceof BatonException first ? first.refusals : List.of();
    }

    /** Refused, for all these reasons. */
    BatonException(final String message, final List<Refusal> refusals) {
        super(message);
        this.code = ErrorCode.UNSUPPORTED;
        this.remedy = "";
        this.details = Details.NONE;
        this.refusals = List.copyOf(refusals);
    }

    public ErrorCode code() {
        return code;
    }

    public String remedy() {
        return remedy;
    }

    /** Task, stage, thing, call and error, as far as there are. */
    public Details details() {
        return details;
    }

    /** Every reason for a refusal; empty when it is none. */
    public List<Refusal> refusals() {
        return refusals;
    }

    /** Message (never null, unlike {@link #getMessage()} by its type). */
    public String message() {
        final String message = getMessage();
        return message == null ? code.name() : message;
    }
}
