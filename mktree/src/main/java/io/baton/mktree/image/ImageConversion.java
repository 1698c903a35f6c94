package io.baton.mktree.image;

import io.baton.mktree.image.proto.InventoryEntry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Writes an image again, with the pages of each process laid out in another way; all other files stay as they are. What
 * an image has left to its parents comes along, so that the new one stands alone.
 */
public final class ImageConversion {
    private final ImageDirectory from;
    private final ImageDirectory to;
    private final boolean share;
    private final PageStore store;

    /**
     * What has become of the pages.
     *
     * @param written pages whose contents are in the new image
     * @param shared pages that are named only, since another process has the same
     */
    public record Result(long written, long shared) {}

    private ImageConversion(ImageDirectory from, ImageDirectory to, boolean share) {
        this.from = from;
        this.to = to;
        this.share = share;
        this.store = new PageStore(to, share);
    }

    /**
     * Converts an image.
     *
     * @param target directory of the new one, which must be empty or not there
     * @param share whether pages that several processes have at the same address, with the same contents, are to be
     *     there once. If not, CRIU can read the image
     * @throws ImageException if the image is damaged
     */
    public static Result convert(ImageDirectory source, Path target, boolean share) throws IOException {
        if (Files.exists(target) && !isEmpty(target)) {
            throw new ImageException(target, 0, "something is there already");
        }
        source.verify(false);
        ImageConversion conversion = new ImageConversion(source, ImageDirectory.create(target), share);
        try {
            conversion.run();
        } catch (IOException | RuntimeException e) {
            Unfinished.discard(target, false);
            throw e;
        }
        return new Result(conversion.store.written(), conversion.store.shared());
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.findAny().isEmpty();
        }
    }

    private void run() throws IOException {
        try (store;
                Stream<Path> files = Files.list(from.path())) {
            for (Path file : (Iterable<Path>) files.sorted()::iterator) {
                convert(file);
            }
        }
        if (from.has(ImageKind.INVENTORY, 0)) {
            InventoryEntry.Builder inventory = from.one(ImageKind.INVENTORY, 0, InventoryEntry.class).toBuilder();
            inventory.setImgVersion(store.shared() > 0 ? ImageVersion.SHARED_PAGES : ImageVersion.PLAIN);
            to.write(ImageKind.INVENTORY, 0, inventory.build());
        }
        to.seal();
    }

    private void convert(Path file) throws IOException {
        String name = file.getFileName().toString();
        ImageName image = ImageKind.parse(name);
        if (image != null && image.kind() == ImageKind.PAGEMAP) {
            store.copy(from, image, share);
        } else if (image != null && image.kind() == ImageKind.PAGEMAP_SHMEM) {
            store.copy(from, image, false);
        } else if (image != null && image.kind() == ImageKind.INVENTORY) {
            return; // last of all
        } else if (name.endsWith(".img") && !name.startsWith("pages-") && Files.isRegularFile(file)) {
            copy(file, to.path().resolve(name));
        }
    }

    private static void copy(Path file, Path target) throws IOException {
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ);
                FileChannel out = FileChannel.open(
                        target,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        ImageDirectory.PRIVATE_FILE)) {
            long size = in.size();
            for (long at = 0; at < size; ) {
                long count = in.transferTo(at, size - at, out);
                if (count <= 0) {
                    throw new IOException("file has become shorter: " + file);
                }
                at += count;
            }
        }
    }
}
