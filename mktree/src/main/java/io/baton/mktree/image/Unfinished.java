package io.baton.mktree.image;

import io.baton.task.linux.ProcessName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The mark of a dump that has not finished, in place of the manifest.
 *
 * @param writer who writes the image
 * @param made whether its directory was made for it
 */
public record Unfinished(ProcessName writer, boolean made) {
    /** The mark in a directory, or null when there is none: the image is whole, or there is no image. */
    public static @Nullable Unfinished read(Path directory) throws IOException {
        for (String name : new String[] {Manifest.FILE_NAME, Manifest.FILE_NAME + ".new"}) {
            Path file = directory.resolve(name);
            if (Files.isRegularFile(file)) {
                return ManifestText.parseUnfinished(Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }
        return null;
    }

    /** The files of an image in a directory, in order of their names, the manifest last. */
    public static List<Path> files(Path directory) throws IOException {
        List<Path> found = new ArrayList<>();
        List<Path> manifests = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : (Iterable<Path>) files.sorted()::iterator) {
                String name = file.getFileName().toString();
                if (name.startsWith(Manifest.FILE_NAME)) {
                    manifests.add(file);
                } else if (ImageKind.parse(name) != null
                        || name.matches("pages-[0-9]+\\.img")
                        || name.equals(TrackingRecord.FILE_NAME)
                        || LinkRemap.isNote(file)
                        || (name.equals(ImageChain.LINK) && Files.isSymbolicLink(file))) {
                    found.add(file);
                }
            }
        }
        found.addAll(manifests);
        return found;
    }

    /**
     * Removes the files of an image, the mark last; and its directory, if it was made for it and holds nothing else.
     */
    public static void discard(Path directory, boolean made) throws IOException {
        for (Path file : files(directory)) {
            if (LinkRemap.isNote(file)) {
                LinkRemap.discard(file);
            } else {
                Files.deleteIfExists(file);
            }
        }
        if (!made) {
            return;
        }
        try (Stream<Path> rest = Files.list(directory)) {
            if (rest.findAny().isPresent()) {
                return;
            }
        }
        Files.deleteIfExists(directory);
    }
}
