package io.baton.mktree.image;

import com.google.protobuf.Message;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One image: a directory of files in CRIU's format. May be used by several threads.
 *
 * <p>If the image has a {@link Manifest}, each file of up to 1 MiB is held against it as it is opened, larger ones by
 * their size; {@link #verify} reads everything.
 */
public final class ImageDirectory {
    static final FileAttribute<?> PRIVATE_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<?> PRIVATE_DIRECTORY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Path path;
    private final @Nullable Manifest manifest;
    private final Map<String, FileChecksum> written = new ConcurrentHashMap<>();
    private volatile @Nullable List<ImageDirectory> parents;

    private ImageDirectory(Path path, @Nullable Manifest manifest) {
        this.path = path;
        this.manifest = manifest;
    }

    /**
     * Opens an image for reading.
     *
     * @throws ImageException if there is none, its manifest is damaged or its dump did not finish
     */
    public static ImageDirectory open(Path path) throws IOException {
        return new ImageDirectory(existing(path), Manifest.read(path).orElse(null));
    }

    /** Opens whatever lies there, for looking at it: no manifest is asked for. */
    public static ImageDirectory openUnverified(Path path) throws IOException {
        return new ImageDirectory(existing(path), null);
    }

    /**
     * Begins an image, in a directory made with mode 0700 if there is none (its parent must be there). Files of an
     * earlier image in it are removed: they would be taken for part of this one. Until {@link #seal}, the image counts
     * as unfinished.
     */
    public static ImageDirectory create(Path path) throws IOException {
        boolean made = true;
        try {
            Files.createDirectory(path, PRIVATE_DIRECTORY);
        } catch (FileAlreadyExistsException e) {
            existing(path);
            made = false;
        }
        Manifest.begin(path, made);
        try (Stream<Path> files = Files.list(path)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                String name = file.getFileName().toString();
                if (ImageKind.parse(name) != null || name.matches("pages-[0-9]+\\.img") || isLinkage(file)) {
                    Files.delete(file);
                } else if (LinkRemap.isNote(file)) {
                    LinkRemap.discard(file);
                }
            }
        }
        return new ImageDirectory(path, null);
    }

    private static Path existing(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            throw new ImageException(path, 0, Files.exists(path) ? "not a directory" : "no such directory");
        }
        return path;
    }

    /** {@return the directory itself} */
    public Path path() {
        return path;
    }

    /** {@return where the file of that kind and id lies, or would lie} */
    public Path path(ImageKind kind, long id) {
        return path.resolve(kind.fileName(id));
    }

    /** {@return where the raw pages of that id lie, see {@link PagemapImage}} */
    public Path pages(long pagesId) {
        return path.resolve("pages-" + Long.toUnsignedString(pagesId) + ".img");
    }

    /** What ties an image to others: left behind, it would tie another image to them. */
    private static boolean isLinkage(Path file) {
        String name = file.getFileName().toString();
        return name.equals(TrackingRecord.FILE_NAME) || (name.equals(ImageChain.LINK) && Files.isSymbolicLink(file));
    }

    /** {@return the images this one is an increment of, the nearest first; see {@link ImageChain#parentsOf}} */
    public List<ImageDirectory> parents() throws IOException {
        List<ImageDirectory> known = parents;
        if (known == null) {
            known = List.copyOf(ImageChain.parentsOf(this));
            parents = known;
        }
        return known;
    }

    /**
     * Makes this image, not sealed yet, an increment of another one.
     *
     * @param target as the link says it: relative to this directory, or absolute
     */
    public void linkParent(Path target) throws IOException {
        Files.createSymbolicLink(path.resolve(ImageChain.LINK), target);
    }

    /** {@return the files in the directory that hold entries, by kind and then by id} */
    public List<ImageName> list() throws IOException {
        List<ImageName> names = new ArrayList<>();
        try (Stream<Path> files = Files.list(path)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                ImageName name = ImageKind.parse(file.getFileName().toString());
                if (name != null) {
                    names.add(name);
                }
            }
        }
        names.sort(Comparator.comparing(ImageName::kind).thenComparing(ImageName::id, Long::compareUnsigned));
        return names;
    }

    /** {@return whether there is such a file; the id of a kind without ids does not matter} */
    public boolean has(ImageKind kind, long id) {
        return Files.exists(path(kind, id));
    }

    /** Opens a file for reading entry by entry, which is the way to payloads. */
    public ImageReader read(ImageKind kind, long id) throws IOException {
        return ImageReader.open(path(kind, id), kind, checksum(kind, id));
    }

    private @Nullable FileChecksum checksum(ImageKind kind, long id) {
        return manifest == null ? null : manifest.file(kind.fileName(id));
    }

    /**
     * Reads a file that holds one entry.
     *
     * @param type class of the kind's message
     * @throws ImageException if there is no such file, no entry or more than one
     */
    public <M extends Message> M one(ImageKind kind, long id, Class<M> type) throws IOException {
        return only(kind, id, all(kind, id, type));
    }

    private <M extends Message> M only(ImageKind kind, long id, List<M> entries) throws ImageException {
        if (entries.size() != 1) {
            throw new ImageException(path(kind, id), 0, "one entry expected: entries=" + entries.size());
        }
        return entries.get(0);
    }

    /** As {@link #one}, for a file that need not exist. */
    public <M extends Message> Optional<M> find(ImageKind kind, long id, Class<M> type) throws IOException {
        try (ImageReader reader = ImageReader.openIfPresent(path(kind, id), kind, checksum(kind, id))) {
            return reader == null ? Optional.empty() : Optional.of(only(kind, id, all(reader, type)));
        }
    }

    /** {@return every entry of a file, without payloads} */
    public <M extends Message> List<M> all(ImageKind kind, long id, Class<M> type) throws IOException {
        try (ImageReader reader = read(kind, id)) {
            return all(reader, type);
        }
    }

    private static <M extends Message> List<M> all(ImageReader reader, Class<M> type) throws IOException {
        List<M> entries = new ArrayList<>();
        for (ImageEntry entry = reader.next(); entry != null; entry = reader.next()) {
            entries.add(type.cast(entry.message()));
        }
        return entries;
    }

    /** As {@link #all}, with no entries if there is no such file. */
    public <M extends Message> List<M> allIfPresent(ImageKind kind, long id, Class<M> type) throws IOException {
        try (ImageReader reader = ImageReader.openIfPresent(path(kind, id), kind, checksum(kind, id))) {
            return reader == null ? List.of() : all(reader, type);
        }
    }

    /** Makes a file to write entry by entry. */
    public ImageWriter writer(ImageKind kind, long id) throws IOException {
        String name = kind.fileName(id);
        return ImageWriter.create(path.resolve(name), kind, checksum -> written.put(name, checksum));
    }

    /** Writes a file of one entry. */
    public void write(ImageKind kind, long id, Message entry) throws IOException {
        write(kind, id, List.of(entry));
    }

    /** Writes a file of entries without payloads. */
    public void write(ImageKind kind, long id, Iterable<? extends Message> entries) throws IOException {
        String name = kind.fileName(id);
        Path file = path.resolve(name);
        try (ImageWriter writer = ImageWriter.createAlone(file, kind, checksum -> written.put(name, checksum))) {
            for (Message entry : entries) {
                writer.write(entry);
            }
        }
    }

    /**
     * Tells the checksum of a file that was written without an {@link ImageWriter} (pages), so that {@link #seal} need
     * not read it again.
     */
    public void written(Path file, FileChecksum checksum) {
        written.put(file.getFileName().toString(), checksum);
    }

    /** Ends an image begun by {@link #create}: writes its manifest. Nothing may be written afterwards but statistics. */
    public Manifest seal() throws IOException {
        return Manifest.write(path, written);
    }

    /** {@return the image's manifest as it was when the image was opened} */
    public Optional<Manifest> manifest() {
        return Optional.ofNullable(manifest);
    }

    /**
     * Holds all files against the manifest, also those of the images it is an increment of; an image without a manifest
     * passes.
     *
     * @param pages whether the contents of pages files are read too
     */
    public void verify(boolean pages) throws IOException {
        verifyRest(pages, Set.of());
    }

    /**
     * As {@link #verify}, but leaves out files that will be read anyway: those are compared when they are opened.
     *
     * @param pages whether the contents of pages files are read too
     * @param read kinds of which every file will be read
     */
    public void verifyRest(boolean pages, Set<ImageKind> read) throws IOException {
        if (manifest != null) {
            manifest.verify(pages, name -> {
                ImageName image = ImageKind.parse(name);
                return image != null && read.contains(image.kind());
            });
        }
        for (ImageDirectory parent : parents()) {
            Optional<Manifest> known = parent.manifest();
            if (known.isPresent()) {
                known.get().verify(pages);
            }
        }
    }
}
