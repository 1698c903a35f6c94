package io.baton.mktree.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Names that a dump gives to files that have lost theirs, beside the place where those were ({@code --link-remap}). The image
 * has a symbolic link to each, made first: so whoever removes an image, or what a killed dump has left of one, removes them too.
 */
public final class LinkRemap {
    /** What every such name begins with, as CRIU has it. */
    public static final String PREFIX = "link_remap.";

    private LinkRemap() {}

    /** Whether a path looks like such a name; no other is ever removed. */
    public static boolean isOne(Path path) {
        Path name = path.getFileName();
        return name != null && name.toString().startsWith(PREFIX);
    }

    /** Notes in an image that there will be such a name. */
    public static void note(Path directory, Path link) throws IOException {
        forget(directory, link);
        Files.createSymbolicLink(directory.resolve(String.valueOf(link.getFileName())), link);
    }

    /** Says in an image that there is no such name after all. */
    public static void forget(Path directory, Path link) throws IOException {
        Files.deleteIfExists(directory.resolve(String.valueOf(link.getFileName())));
    }

    static boolean isNote(Path file) {
        return isOne(file) && Files.isSymbolicLink(file);
    }

    /** Removes a name that was noted, and the note. */
    static void discard(Path note) throws IOException {
        Path link = Files.readSymbolicLink(note);
        if (link.isAbsolute() && isOne(link)) {
            Files.deleteIfExists(link);
        }
        Files.deleteIfExists(note);
    }
}
