package io.baton.coordinator.suspend;

/** A page that calls itself a suspend page is none we can use. */
final class PageException extends Exception {
    private static final long serialVersionUID = 1;

    private final String reason;

    PageException(String reason) {
        super(reason);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
