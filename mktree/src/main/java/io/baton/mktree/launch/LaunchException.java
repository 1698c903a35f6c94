package io.baton.mktree.launch;

/** A bare tree could not be made; nothing of it is left. */
public final class LaunchException extends RuntimeException {
    private static final long serialVersionUID = 1;

    LaunchException(final String message) {
        super(message);
    }
}
