package io.baton.mktree.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.mktree.image.proto.InventoryEntry;
import io.baton.mktree.image.proto.PagemapEntry;
import io.baton.mktree.image.proto.PagemapHead;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageChainTest {
    private static final int PARENT = 1;
    private static final int PRESENT = 4;
    private static final int PID = 8;
    private static final int PAGE = PagemapImage.PAGE_SIZE;

    @TempDir
    Path temporary;

    private record Row(long page, long pages, int flags) {}

    /** Makes an image of its pagemap alone; the name of its run is that of the directory. */
    private Path image(String name, String parent, Row... rows) throws IOException {
        Path path = temporary.resolve(name);
        ImageDirectory image = ImageDirectory.create(path);
        image.write(
                ImageKind.INVENTORY,
                0,
                InventoryEntry.newBuilder()
                        .setImgVersion(2)
                        .setDumpCriuRunId(name)
                        .build());
        int pages = 0;
        try (ImageWriter writer = image.writer(ImageKind.PAGEMAP, PID)) {
            writer.write(PagemapHead.newBuilder().setPagesId(1).build());
            for (Row row : rows) {
                writer.write(PagemapEntry.newBuilder()
                        .setVaddr(row.page() * PAGE)
                        .setCompatNrPages(0)
                        .setNrPages(row.pages())
                        .setFlags(row.flags())
                        .build());
                pages += row.flags() == PRESENT ? (int) row.pages() : 0;
            }
        }
        Files.write(image.pages(1), new byte[pages * PAGE]);
        if (!parent.isEmpty()) {
            image.linkParent(Path.of("..", parent));
        }
        new TrackingRecord(name, parent, 0, 0, List.of()).write(image);
        image.seal();
        return path;
    }

    private static List<PagemapImage.Layer> layers(Path path) throws IOException {
        return PagemapImage.readWithParents(ImageDirectory.open(path), ImageKind.PAGEMAP, PID)
                .layers();
    }

    private static String reason(Path path) {
        return assertThrows(ImageException.class, () -> layers(path)).reason();
    }

    @Test
    void shouldFindPagesInTheNearestParentThatHasThem() throws IOException {
        image("one", "", new Row(10, 20, PRESENT));
        image("two", "one", new Row(10, 5, PARENT), new Row(15, 1, PRESENT), new Row(16, 14, PARENT));
        Path three = image("three", "two", new Row(9, 1, PRESENT), new Row(14, 3, PARENT));

        List<PagemapImage.Layer> layers = layers(three);

        assertEquals(
                List.of("pages-1.img", "parent/pages-1.img", "parent/parent/pages-1.img"),
                layers.stream().map(PagemapImage.Layer::pages).toList());
        assertEquals(
                List.of(new PagemapImage.Run(15L * PAGE, 1, PRESENT, 1, 0)),
                layers.get(1).runs());
        assertEquals(
                List.of(
                        new PagemapImage.Run(14L * PAGE, 1, PRESENT, 1, 4L * PAGE),
                        new PagemapImage.Run(16L * PAGE, 1, PRESENT, 1, 6L * PAGE)),
                layers.get(2).runs());
        assertEquals(2, ImageDirectory.open(three).parents().size());
        ImageDirectory.open(three).verify(true);
    }

    @Test
    void shouldRefusePagesThatAreNowhere() throws IOException {
        image("one", "", new Row(10, 5, PRESENT));
        assertTrue(reason(image("two", "one", new Row(14, 2, PARENT))).contains("vaddr=0xf000"));
        assertTrue(reason(image("three", "", new Row(14, 2, PARENT))).contains("vaddr=0xe000"));
        assertTrue(reason(image("four", "one", new Row(14, 1, 0))).contains("vaddr=0xe000"));
    }

    @Test
    void shouldRefuseAnotherImageInTheParentsPlace() throws IOException {
        image("one", "", new Row(10, 5, PRESENT));
        Path two = image("two", "one", new Row(10, 5, PARENT));
        assertEquals(1, layers(two).size());

        Files.move(image("other", "", new Row(10, 5, PRESENT)).resolve("inventory.img"), temporary.resolve("kept"));
        image("one", "", new Row(10, 5, PRESENT));
        assertEquals(1, layers(two).size());
        Files.delete(temporary.resolve("two/parent"));
        Files.createSymbolicLink(temporary.resolve("two/parent"), image("third", "", new Row(10, 5, PRESENT)));
        assertTrue(reason(two).contains("dump=third expected=one"), reason(two));
    }

    @Test
    void shouldRefuseCirclesAndMissingParents() throws IOException {
        Path one = image("one", "two", new Row(10, 5, PARENT));
        assertTrue(reason(one).contains("is missing"));
        Path two = image("two", "one", new Row(10, 5, PARENT));
        assertTrue(reason(two).contains("circle"));
        assertTrue(reason(one).contains("circle"));
    }

    @Test
    void shouldBoundTheChain() throws IOException {
        List<Path> images = new ArrayList<>();
        images.add(image("0", "", new Row(10, 5, PRESENT)));
        for (int i = 1; i <= ImageChain.LONGEST + 1; i++) {
            images.add(image(Integer.toString(i), Integer.toString(i - 1), new Row(10, 5, PARENT)));
        }
        assertEquals(1, layers(images.get(ImageChain.LONGEST)).size());
        assertTrue(reason(images.get(ImageChain.LONGEST + 1)).contains("more than 40 parents"));
    }

    @Test
    void shouldCheckTheFilesOfParents() throws IOException {
        Path one = image("one", "", new Row(10, 5, PRESENT));
        Path two = image("two", "one", new Row(10, 5, PARENT));
        Files.write(one.resolve("pages-1.img"), new byte[3 * PAGE]);
        assertThrows(ImageException.class, () -> ImageDirectory.open(two).verify(false));
    }

    @Test
    void shouldLeaveNoTieToAnEarlierParent() throws IOException {
        image("one", "", new Row(10, 5, PRESENT));
        Path two = image("two", "one", new Row(10, 5, PARENT));
        ImageDirectory again = ImageDirectory.create(two);
        assertTrue(again.parents().isEmpty());
        assertTrue(TrackingRecord.read(again).isEmpty());
    }

    @Test
    void shouldReadWhatItWroteAndRefuseTheRest() throws IOException {
        ImageDirectory image = ImageDirectory.create(temporary.resolve("image"));
        TrackingRecord record =
                new TrackingRecord("a-b", "", 7, 1L << 40, List.of(new TrackingRecord.TrackedProcess(9, 1L << 33, 4)));
        record.write(image);
        assertEquals(record, TrackingRecord.read(image).orElseThrow());

        Path file = image.path().resolve(TrackingRecord.FILE_NAME);
        String text = Files.readString(file);
        for (int length = 0; length < text.length(); length++) {
            Files.writeString(file, text.substring(0, length));
            boolean whole = text.substring(0, length).endsWith("keeper 7 " + (1L << 40) + "\n");
            if (!whole) {
                assertThrows(ImageException.class, () -> TrackingRecord.read(image));
            }
        }
        Files.writeString(file, text.replace("process 9", "process 99999999999"));
        assertThrows(ImageException.class, () -> TrackingRecord.read(image));
    }
}
