package io.baton.coordinator.state;

/**
 * What a dump does about files that are more than a name; names as in CRIU.
 *
 * @param locks locks and leases are saved ({@code --file-locks})
 * @param ghostLimit most bytes on disk that a file without a name may have ({@code --ghost-limit})
 */
public record FileOptions(boolean locks, long ghostLimit) {
    /** 64 MiB. */
    public static final long GHOST_LIMIT = 64L << 20;

    /** Locks are refused. */
    public static final FileOptions DEFAULT = new FileOptions(false, GHOST_LIMIT);

    /** With the usual limit. */
    public FileOptions(boolean locks) {
        this(locks, GHOST_LIMIT);
    }
}
