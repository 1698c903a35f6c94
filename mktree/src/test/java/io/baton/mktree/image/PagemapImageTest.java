package io.baton.mktree.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Message;
import io.baton.mktree.image.proto.PagemapEntry;
import io.baton.mktree.image.proto.PagemapHead;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PagemapImageTest {
    @TempDir
    Path temporary;

    private PagemapImage image(int pagesInFile, PagemapEntry.Builder... entries) throws IOException {
        ImageDirectory directory = ImageDirectory.create(temporary.resolve("image"));
        List<Message> all = new ArrayList<>();
        all.add(PagemapHead.newBuilder().setPagesId(3).build());
        for (PagemapEntry.Builder entry : entries) {
            all.add(entry.build());
        }
        directory.write(ImageKind.PAGEMAP, 8, all);
        Files.write(directory.pages(3), new byte[pagesInFile * PagemapImage.PAGE_SIZE]);
        return PagemapImage.read(directory, ImageKind.PAGEMAP, 8);
    }

    private static PagemapEntry.Builder run(long vaddr, long pages, int flags) {
        return PagemapEntry.newBuilder()
                .setVaddr(vaddr)
                .setCompatNrPages(0)
                .setNrPages(pages)
                .setFlags(flags);
    }

    @Test
    void shouldCoverThePagesFilesOfCriuExactly() throws IOException {
        for (String name : List.of("counter", "family", "threads")) {
            ImageDirectory directory = ImageDirectory.open(Fixtures.image(name));
            for (ImageName file : directory.list()) {
                if (file.kind() == ImageKind.PAGEMAP) {
                    PagemapImage image = PagemapImage.read(directory, file.kind(), file.id());
                    try (FileChannel pages = FileChannel.open(image.pages())) {
                        assertEquals(pages.size(), image.pagesSize());
                    }
                    assertTrue(image.runs().stream().allMatch(PagemapImage.Run::present));
                }
            }
        }
    }

    @Test
    void shouldCountOnlyPagesThatArePresent() throws IOException {
        PagemapImage image = image(3, run(0x1000, 1, 4), run(0x2000, 5, 1), run(0x7000, 2, 2), run(0x9000, 2, 6));
        assertEquals(3, image.pagesId());
        assertEquals(
                List.of(0L, -1L, -1L, 4096L),
                image.runs().stream().map(PagemapImage.Run::offset).toList());
        assertTrue(image.runs().get(1).inParent());
        assertTrue(image.runs().get(2).lazy());
        assertEquals(3 * 4096, image.pagesSize());
    }

    @Test
    void shouldUnderstandOlderEntries() throws IOException {
        PagemapEntry.Builder old = PagemapEntry.newBuilder().setVaddr(0x1000).setCompatNrPages(2);
        PagemapImage image = image(2, old, old.clone().setVaddr(0x3000).setInParent(true));
        assertEquals(
                List.of(new PagemapImage.Run(0x1000, 2, 4, 3, 0), new PagemapImage.Run(0x3000, 2, 1, -1, -1)),
                image.runs());
    }

    @Test
    void shouldRefuseWhatCannotBe() {
        assertThrows(ImageException.class, () -> image(1, run(0x1000, 2, 4)), "pages file too short");
        assertThrows(ImageException.class, () -> image(9, run(0x1001, 1, 4)), "not aligned");
        assertThrows(ImageException.class, () -> image(9, run(0x1000, 0, 4)), "empty run");
        assertThrows(ImageException.class, () -> image(9, run(0x1000, 2, 4), run(0x2000, 1, 4)), "overlap");
        assertThrows(ImageException.class, () -> image(9, run(0x2000, 1, 4), run(0x1000, 1, 4)), "out of order");
        assertThrows(ImageException.class, () -> image(9, run(0x1000, -1, 1)), "endless");
        assertThrows(ImageException.class, () -> image(9, run(0x1000, 1L << 52, 4)), "around the end");
        assertThrows(ImageException.class, () -> image(9, run(0, (1L << 51) + 1, 4), run(1L << 63, 1L << 50, 4)));
    }

    @Test
    void shouldFindPagesOfAnotherProcess() throws IOException {
        PagemapImage image = image(4, elsewhere(0x1000, 2, 3, 2), run(0x3000, 1, 4), elsewhere(0x4000, 1, 3, 0));
        assertEquals(
                List.of(
                        new PagemapImage.Run(0x1000, 2, 0, 3, 0x2000),
                        new PagemapImage.Run(0x3000, 1, 4, 3, 0),
                        new PagemapImage.Run(0x4000, 1, 0, 3, 0)),
                image.runs());
        assertTrue(image.runs().get(0).elsewhere());
        assertEquals(4096, image.pagesSize());
    }

    @Test
    void shouldRefusePagesThatAnotherProcessHasNot() {
        assertThrows(ImageException.class, () -> image(4, elsewhere(0x1000, 2, 3, 3)), "file too short");
        assertThrows(ImageException.class, () -> image(4, elsewhere(0x1000, 1, 5, 0)), "no such file");
        assertThrows(ImageException.class, () -> image(4, elsewhere(0x1000, 1, 3, -1)), "before the beginning");
        assertThrows(ImageException.class, () -> image(4, elsewhere(0x1000, 1, 3, 1L << 51)), "beyond any file");
    }

    private static PagemapEntry.Builder elsewhere(long vaddr, long pages, int pagesId, long firstPage) {
        return run(vaddr, pages, 0).setPagesId(pagesId).setFirstPage(firstPage);
    }

    @Test
    void shouldNotAskForPagesThatNobodyNeeds() throws IOException {
        image(0, run(0x1000, 1, 1));
        Files.delete(temporary.resolve("image/pages-3.img"));
        ImageDirectory directory = ImageDirectory.openUnverified(temporary.resolve("image"));
        assertEquals(0, PagemapImage.read(directory, ImageKind.PAGEMAP, 8).pagesSize());
    }
}
