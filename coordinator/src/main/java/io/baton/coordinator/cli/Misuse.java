package io.baton.coordinator.cli;

/** Options that do not go together, or a value that means nothing; found before anything was done. */
final class Misuse extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Misuse(final String message) {
        super(message);
    }
}
