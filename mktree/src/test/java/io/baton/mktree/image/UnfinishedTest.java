package io.baton.mktree.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.task.linux.ProcessName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnfinishedTest {
    @TempDir
    Path folder = Path.of("");

    @Test
    void shouldSayWhoWritesAnImage() throws IOException {
        Path images = folder.resolve("new");
        ImageDirectory image = begin(images);
        Unfinished mark = Unfinished.read(images);
        assertNotNull(mark);
        assertEquals(ProcessName.own(), mark.writer());
        assertTrue(mark.made());
        assertFalse(mark.writer().hasEnded());
        assertThrows(ImageException.class, () -> ImageDirectory.open(images));
        image.seal();
        assertNull(Unfinished.read(images));
    }

    @Test
    void shouldDiscardAnImageAndTheDirectoryMadeForIt() throws IOException {
        Path images = folder.resolve("new");
        begin(images);
        Files.createFile(images.resolve("pages-1.img"));
        Unfinished.discard(images, true);
        assertFalse(Files.exists(images));
    }

    @Test
    void shouldLeaveWhatIsNotOfTheImage() throws IOException {
        Path other = Files.createFile(folder.resolve("notes.txt"));
        begin(folder);
        Unfinished mark = Unfinished.read(folder);
        assertNotNull(mark);
        assertFalse(mark.made());
        Unfinished.discard(folder, true);
        assertTrue(Files.exists(other));
        assertEquals(0, Unfinished.files(folder).size());
    }

    /** Whoever removes an image removes the names that its dump has given to files; and no others. */
    @Test
    void shouldDiscardTheNamesThatADumpHasGiven() throws IOException {
        Path images = folder.resolve("new");
        begin(images);
        Path given = Files.createFile(folder.resolve("link_remap.4"));
        Path other = Files.createFile(folder.resolve("other"));
        LinkRemap.note(images, given);
        Files.createSymbolicLink(images.resolve("link_remap.5"), other);
        Unfinished.discard(images, true);
        assertFalse(Files.exists(given));
        assertTrue(Files.exists(other));
        assertFalse(Files.exists(images));
    }

    @Test
    void shouldKnowANameThatIsNobodyAnyMore() {
        ProcessName own = ProcessName.own();
        assertEquals(own, ProcessName.parse(own.toString()));
        assertTrue(new ProcessName(own.pid(), own.startTime() + 1, own.namespace(), own.boot()).hasEnded());
        assertTrue(new ProcessName(own.pid(), own.startTime(), own.namespace(), "another boot").hasEnded());
        assertNull(ProcessName.parse("1 2 three x"));
        assertNull(ProcessName.parse(""));
    }

    private static ImageDirectory begin(Path images) throws IOException {
        ImageDirectory image = ImageDirectory.create(images);
        var root = PstreeEntry.newBuilder().setPid(1).setPpid(0).setPgid(1).setSid(1);
        image.write(ImageKind.PSTREE, 0, root.addThreads(1).build());
        return image;
    }
}
