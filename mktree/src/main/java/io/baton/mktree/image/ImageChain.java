package io.baton.mktree.image;

import io.baton.mktree.image.proto.InventoryEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The images that an increment builds on. Each has a link {@link #LINK} to the one before, as CRIU makes it; pages of
 * which a pagemap says that they are in the parent lie in the nearest of them that has their contents.
 */
public final class ImageChain {
    /** Name of the link in an image to the image it is an increment of. */
    public static final String LINK = "parent";

    /** The kernel follows no more symbolic links in one path, and each of ours is a link. */
    public static final int LONGEST = 40;

    private ImageChain() {}

    /**
     * Opens all images that one builds on, the nearest first.
     *
     * @throws ImageException if one is missing, damaged, unfinished or not the one that was built on, or if the links
     *     go round in a circle
     */
    public static List<ImageDirectory> parentsOf(ImageDirectory image) throws IOException {
        List<ImageDirectory> parents = new ArrayList<>();
        Set<Path> seen = new HashSet<>();
        seen.add(image.path().toRealPath());
        ImageDirectory child = image;
        for (Optional<Path> next = parent(child); next.isPresent(); next = parent(child)) {
            Path path = next.get();
            if (!seen.add(path)) {
                throw new ImageException(child.path(), 0, "parents go round in a circle: parent=" + path);
            } else if (parents.size() == LONGEST) {
                throw new ImageException(image.path(), 0, "more than " + LONGEST + " parents");
            }
            ImageDirectory parent = ImageDirectory.open(path);
            checkRun(child, parent);
            parents.add(parent);
            child = parent;
        }
        return parents;
    }

    private static Optional<Path> parent(ImageDirectory child) throws IOException {
        Path link = child.path().resolve(LINK);
        if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        if (!Files.isDirectory(link)) {
            throw new ImageException(link, 0, "the image that this one is an increment of is missing");
        }
        return Optional.of(link.toRealPath());
    }

    /** Another image at the same place has other contents. Images of CRIU do not say what they build on. */
    private static void checkRun(ImageDirectory child, ImageDirectory parent) throws IOException {
        Optional<TrackingRecord> record = TrackingRecord.read(child);
        if (record.isEmpty()) {
            return;
        }
        String expected = record.get().parentRun();
        String found = run(parent);
        if (!found.equals(expected)) {
            throw new ImageException(
                    child.path(),
                    0,
                    "is an increment of another image than its parent: parent=" + parent.path() + " dump=" + found
                            + " expected=" + expected);
        }
    }

    /** {@return which dump wrote an image, empty if it does not say} */
    public static String run(ImageDirectory image) throws IOException {
        return image.one(ImageKind.INVENTORY, 0, InventoryEntry.class).getDumpCriuRunId();
    }
}
