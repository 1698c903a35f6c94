package io.baton.mktree.image;

import io.baton.task.linux.ProcessName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What files an image consists of, with their sizes and checksums; lies beside CRIU's own files as {@link #FILE_NAME}.
 *
 * <p>A dump begins by marking the image unfinished and ends by writing the manifest, so that an image with a manifest
 * is whole. An image without one (CRIU's) is accepted unverified. Files the manifest does not name are nobody's
 * business. Statistics are not named: a restore writes them too.
 */
public final class Manifest {
    /** Name of the manifest within an image directory. */
    public static final String FILE_NAME = "baton.manifest";

    private final Path directory;
    private final Map<String, FileChecksum> files;

    private Manifest(Path directory, Map<String, FileChecksum> files) {
        this.directory = directory;
        this.files = files;
    }

    /**
     * Reads the manifest, but none of the files it names.
     *
     * @return the manifest of an image, if it has one
     * @throws ImageException if it is damaged, or the dump did not finish
     */
    public static Optional<Manifest> read(Path directory) throws IOException {
        try {
            return Optional.of(new Manifest(directory, ManifestText.parse(directory.resolve(FILE_NAME))));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /**
     * Marks the image in a directory as unfinished, until {@link #write}.
     *
     * @param made whether the directory was made for it
     */
    static void begin(Path directory, boolean made) throws IOException {
        replace(directory, ManifestText.unfinished(made, ProcessName.own()), false);
    }

    /**
     * Names all files of an image, and makes the manifest durable.
     *
     * @param known checksums that were computed while files were written; the other files are read
     */
    static Manifest write(Path directory, Map<String, FileChecksum> known) throws IOException {
        Map<String, FileChecksum> files = new TreeMap<>();
        try (Stream<Path> entries = Files.list(directory)) {
            for (Path file : (Iterable<Path>) entries::iterator) {
                String name = file.getFileName().toString();
                FileChecksum written = known.get(name);
                boolean named = name.endsWith(".img") || name.equals(TrackingRecord.FILE_NAME);
                if (written != null && named) {
                    files.put(name, written);
                } else if (named && ManifestText.isName(name) && Files.isRegularFile(file)) {
                    files.put(name, checksum(file));
                }
            }
        }
        replace(directory, ManifestText.print(files), true);
        return new Manifest(directory, files);
    }

    private static FileChecksum checksum(Path file) throws IOException {
        try (ImageFile opened = ImageFile.open(file)) {
            return FileChecksum.of(opened);
        }
    }

    /** Puts the manifest in place whole or not at all; a durable one also if the machine stops in between. */
    private static void replace(Path directory, String text, boolean durable) throws IOException {
        Path temporary = directory.resolve(FILE_NAME + ".new");
        Files.deleteIfExists(temporary);
        try (FileChannel channel = FileChannel.open(
                temporary,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                ImageDirectory.PRIVATE_FILE)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            if (durable) {
                channel.force(true);
            }
        }
        Files.move(temporary, directory.resolve(FILE_NAME), StandardCopyOption.ATOMIC_MOVE);
        if (!durable) {
            return;
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** {@return every file named, in order of names} */
    public Map<String, FileChecksum> files() {
        return Collections.unmodifiableMap(files);
    }

    /** What is known of one file, or null. */
    @Nullable
    FileChecksum file(String name) {
        return files.get(name);
    }

    /**
     * Holds every named file against its size and checksum.
     *
     * @param pages whether the contents of pages files are read too; without, of these only the size is checked
     * @throws ImageException naming the first file that is missing or differs
     */
    public void verify(boolean pages) throws IOException {
        verify(pages, name -> false);
    }

    /** As {@link #verify(boolean)}; small files that {@code readAnyway} names are compared when they are opened. */
    void verify(boolean pages, Predicate<String> readAnyway) throws IOException {
        for (Map.Entry<String, FileChecksum> file : files.entrySet()) {
            if (file.getValue().size() <= ImageReader.WHOLE_FILE && readAnyway.test(file.getKey())) {
                continue;
            }
            boolean contents = pages || !file.getKey().startsWith("pages-");
            verify(file.getKey(), file.getValue(), 0, contents ? file.getValue().size() : 0);
        }
    }

    /**
     * Verifies part of one file, rounded to whole chunks of {@link FileChecksum#CHUNK}.
     *
     * @param name   of a file the manifest names; of another, nothing can be said and nothing is done
     * @param from   first byte
     * @param length in bytes
     */
    public void verifyRange(String name, long from, long length) throws IOException {
        FileChecksum file = files.get(name);
        if (file != null) {
            verify(name, file, from, from + length);
        }
    }

    private void verify(String name, FileChecksum expected, long from, long to) throws IOException {
        Path path = directory.resolve(name);
        if (from >= to) {
            expected.checkSize(path, ImageFile.sizeOf(path));
            return;
        }
        try (ImageFile file = ImageFile.open(path)) {
            expected.checkSize(path, file.size());
            expected.check(path, file, from, to);
        }
    }
}
