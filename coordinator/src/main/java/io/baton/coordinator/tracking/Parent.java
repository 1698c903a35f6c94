package io.baton.coordinator.tracking;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.image.ImageChain;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageException;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageVersion;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.TrackingRecord;
import io.baton.mktree.image.proto.InventoryEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The image of an earlier dump that a new one builds on.
 *
 * @param image it
 * @param run which dump wrote it
 * @param record of what was watched since, if it has one
 */
public record Parent(ImageDirectory image, String run, Optional<TrackingRecord> record) {
    /**
     * Opens and checks it.
     *
     * @param images directory of the new image, which need not be there
     * @param previous as the user names it: relative to that directory, or absolute
     * @throws BatonException BAD_IMAGE
     */
    public static Parent open(Path images, Path previous) {
        try {
            Path own = real(images);
            ImageDirectory image = ImageDirectory.open(own.resolve(previous).normalize());
            List<ImageDirectory> chain = new ArrayList<>(image.parents());
            chain.add(0, image);
            if (chain.size() > ImageChain.LONGEST) {
                throw bad("there are " + chain.size() + " images before it, and more cannot be restored", null);
            }
            for (ImageDirectory one : chain) {
                if (one.path().toRealPath().equals(own)) {
                    throw bad("it is, or builds on, the image that is to be written: " + one.path(), null);
                }
            }
            return new Parent(image, ImageChain.run(image), TrackingRecord.read(image));
        } catch (ImageException e) {
            throw bad(String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw bad(e.toString(), e);
        }
    }

    /** The last name need not be there yet. */
    private static Path real(Path images) throws IOException {
        if (Files.exists(images)) {
            return images.toRealPath();
        }
        Path absolute = images.toAbsolutePath().normalize();
        Path above = absolute.getParent();
        return above == null ? absolute : above.toRealPath().resolve(absolute.getFileName());
    }

    private static BatonException bad(String reason, @Nullable Throwable cause) {
        return new BatonException(
                ErrorCode.BAD_IMAGE,
                "previous image cannot be built on: " + reason,
                "--prev-images-dir counts from the directory of the new image, not from here; or dump without it",
                cause);
    }

    /** Whether it has pages that CRIU would not find. */
    boolean sharesPages() {
        try {
            int version =
                    image.one(ImageKind.INVENTORY, 0, InventoryEntry.class).getImgVersion();
            return version == ImageVersion.SHARED_PAGES;
        } catch (IOException e) {
            throw bad(String.valueOf(e.getMessage()), e);
        }
    }

    /** Which pages of a process it has, or its own parents; none if it does not know that process. */
    public List<PagemapImage.Run> pages(int pid) throws IOException {
        return image.has(ImageKind.PAGEMAP, pid)
                ? PagemapImage.read(image, ImageKind.PAGEMAP, pid).runs()
                : List.of();
    }
}
