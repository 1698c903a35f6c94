package io.baton.coordinator.state;

/**
 * What a dump does about files that are more than a name; names as in CRIU.
 *
 * @param locks locks and leases are saved ({@code --file-locks})
 */
public record FileOptions(boolean locks) {
    /** Locks are refused. */
    public static final FileOptions DEFAULT = new FileOptions(false);
}
