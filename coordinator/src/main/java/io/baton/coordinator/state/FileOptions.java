package io.baton.coordinator.state;

import java.util.Set;

/**
 * What a dump does about files that are more than a name; names as in CRIU.
 *
 * @param locks locks and leases are saved ({@code --file-locks})
 * @param ghostLimit most bytes on disk that a file without a name may have ({@code --ghost-limit})
 * @param linkRemap a file that has lost its name, but not all of them, gets one for the image ({@code --link-remap})
 * @param externalUnix Unix sockets may send to named ones outside the tree ({@code --ext-unix-sk})
 * @param external what is not saved, for a restore is given another one ({@code --external}): {@code pipe:[INODE]},
 *     {@code tty[RDEV:DEV]}, {@code file[MOUNT:INODE]}, with all numbers but a pipe's in hexadecimal
 */
public record FileOptions(
        boolean locks, long ghostLimit, boolean linkRemap, boolean externalUnix, Set<String> external) {
    /** 64 MiB. */
    public static final long GHOST_LIMIT = 64L << 20;

    /** Locks are refused. */
    public static final FileOptions DEFAULT = new FileOptions(false);

    /** With the usual limit. */
    public FileOptions(boolean locks) {
        this(locks, GHOST_LIMIT, false, false);
    }

    /** With nothing that restore is given. */
    public FileOptions(boolean locks, long ghostLimit, boolean linkRemap, boolean externalUnix) {
        this(locks, ghostLimit, linkRemap, externalUnix, Set.of());
    }

    /** The same, and files that have lost their name get another one. */
    public FileOptions withLinkRemap() {
        return new FileOptions(locks, ghostLimit, true, externalUnix, external);
    }

    /** The same, and Unix sockets may send to named ones outside the tree. */
    public FileOptions withExternalUnix() {
        return new FileOptions(locks, ghostLimit, linkRemap, true, external);
    }

    /** The same, and that is external. */
    public FileOptions withExternal(Set<String> keys) {
        return new FileOptions(locks, ghostLimit, linkRemap, externalUnix, Set.copyOf(keys));
    }
}
