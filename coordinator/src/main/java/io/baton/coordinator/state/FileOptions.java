package io.baton.coordinator.state;

/**
 * What a dump does about files that are more than a name; names as in CRIU.
 *
 * @param locks locks and leases are saved ({@code --file-locks})
 * @param ghostLimit most bytes on disk that a file without a name may have ({@code --ghost-limit})
 * @param linkRemap a file that has lost its name, but not all of them, gets one for the image ({@code --link-remap})
 * @param externalUnix Unix sockets may send to named ones outside the tree ({@code --ext-unix-sk})
 */
public record FileOptions(boolean locks, long ghostLimit, boolean linkRemap, boolean externalUnix) {
    /** 64 MiB. */
    public static final long GHOST_LIMIT = 64L << 20;

    /** Locks are refused. */
    public static final FileOptions DEFAULT = new FileOptions(false, GHOST_LIMIT, false, false);

    /** With the usual limit. */
    public FileOptions(boolean locks) {
        this(locks, GHOST_LIMIT, false, false);
    }

    /** The same, and files that have lost their name get another one. */
    public FileOptions withLinkRemap() {
        return new FileOptions(locks, ghostLimit, true, externalUnix);
    }

    /** The same, and Unix sockets may send to named ones outside the tree. */
    public FileOptions withExternalUnix() {
        return new FileOptions(locks, ghostLimit, linkRemap, true);
    }
}
