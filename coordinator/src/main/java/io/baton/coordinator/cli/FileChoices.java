package io.baton.coordinator.cli;

import io.baton.coordinator.state.FileOptions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** What a dump does about files that are more than a name. */
final class FileChoices {
    private static final String UNITS = "KMG";
    private static final int UNIT_BITS = 10;
    private static final Pattern EXTERNAL = Pattern.compile("pipe:\\[[0-9]+]|(tty|file)\\[[0-9a-f]+:[0-9a-f]+]");

    @Option(
            names = {"-l", "--file-locks"},
            description = "Save file locks and leases; without it they are refused.")
    private boolean locks;

    @Option(
            names = "--ghost-limit",
            paramLabel = "SIZE",
            defaultValue = "64M",
            description = "Save files that have lost their name up to this size each: bytes, or with K, M or G"
                    + " (default: ${DEFAULT-VALUE}).")
    private String ghostLimit = "64M";

    @Option(
            names = {"--ghost-fiemap", "--no-ghost-fiemap"},
            description = "Taken for CRIU's sake: holes of files that have lost their name are always found.")
    boolean fiemap;

    @Option(
            names = "--link-remap",
            description =
                    "Give a file that has lost its name, but not all of them, a new one (link_remap.N) beside the old"
                            + " place; restore removes it. Without it such files are refused.")
    private boolean linkRemap;

    @Option(
            names = {"-x", "--ext-unix-sk"},
            description = "Unix datagram sockets may be connected to named ones outside the tree, as to /dev/log."
                    + " Restore wants it, too. Without it such are refused.")
    private boolean externalUnix;

    @Option(
            names = "--external",
            paramLabel = "RES",
            description = "Leave out what belongs to somebody outside, restore wants another one by --inherit-fd:"
                    + " pipe:[INODE]; tty[RDEV:DEV] or file[MNT_ID:INODE], in hexadecimal.")
    private List<String> external = new ArrayList<>();

    FileOptions options() {
        return new FileOptions(locks, bytes(ghostLimit), linkRemap, externalUnix).withExternal(externalKeys());
    }

    private Set<String> externalKeys() {
        for (String key : external) {
            if (!EXTERNAL.matcher(key).matches()) {
                throw new Misuse("--external=" + key
                        + " is none of pipe:[INODE], tty[RDEV:DEV], file[MNT_ID:INODE] (no other type yet)");
            }
        }
        return new HashSet<>(external);
    }

    /** Reads {@code 4096}, {@code 64M}. */
    private long bytes(String size) {
        int unit = size.isEmpty() ? -1 : UNITS.indexOf(Character.toUpperCase(size.charAt(size.length() - 1)));
        String number = unit < 0 ? size : size.substring(0, size.length() - 1);
        try {
            long bytes = Math.multiplyExact(Long.parseLong(number), 1L << (UNIT_BITS * (unit + 1)));
            if (bytes >= 0) {
                return bytes;
            }
        } catch (NumberFormatException | ArithmeticException e) {
            // told below
        }
        throw new Misuse("--ghost-limit=" + size + " is no size, such as 512K or 64M");
    }
}
