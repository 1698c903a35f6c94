package io.baton.mktree.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.FsEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageDirectoryTest {
    @TempDir
    Path temporary;

    @Test
    void shouldReadAnImageOfCriu() throws IOException {
        ImageDirectory image = ImageDirectory.open(Fixtures.image("family"));
        assertEquals(6, image.all(ImageKind.PSTREE, 0, PstreeEntry.class).size());
        assertEquals(
                200 << 8,
                image.one(ImageKind.CORE, 30771, CoreEntry.class).getTc().getExitCode());
        assertEquals(
                List.of(30768L, 30769L, 30770L, 30771L, 30772L, 30773L),
                image.list().stream()
                        .filter(name -> name.kind() == ImageKind.CORE)
                        .map(ImageName::id)
                        .toList());
        assertTrue(image.find(ImageKind.FS, 30771, FsEntry.class).isEmpty());
        assertTrue(image.allIfPresent(ImageKind.TTY_INFO, 0, PstreeEntry.class).isEmpty());
        assertFalse(image.has(ImageKind.FILE_LOCKS, 0));
        assertTrue(image.parents().isEmpty());
        assertTrue(image.manifest().isEmpty());
        image.verify(true);
    }

    @Test
    void shouldNameTheFileThatIsMissing() throws IOException {
        ImageDirectory image = ImageDirectory.open(Fixtures.image("family"));
        ImageException error = assertThrows(ImageException.class, () -> image.one(ImageKind.CORE, 1, CoreEntry.class));
        assertEquals("core-1.img", error.file());
        assertTrue(error.reason().startsWith("missing: directory="), error.reason());
        assertThrows(ImageException.class, () -> image.one(ImageKind.PSTREE, 0, PstreeEntry.class));
        assertThrows(ImageException.class, () -> ImageDirectory.open(temporary.resolve("none")));
    }

    @Test
    void shouldKeepImagesPrivate() throws IOException {
        ImageDirectory image = ImageDirectory.create(temporary.resolve("image"));
        FsEntry entry = FsEntry.newBuilder().setCwdId(1).setRootId(2).build();
        image.write(ImageKind.FS, 5, entry);
        image.seal();
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(image.path())));
        for (String name : List.of("fs-5.img", Manifest.FILE_NAME)) {
            assertEquals(
                    "rw-------",
                    PosixFilePermissions.toString(
                            Files.getPosixFilePermissions(image.path().resolve(name))));
        }
        assertEquals(entry, ImageDirectory.open(image.path()).one(ImageKind.FS, 5, FsEntry.class));
    }

    @Test
    void shouldLeaveNothingOfAnEarlierImage() throws IOException {
        FsEntry entry = FsEntry.newBuilder().setCwdId(1).setRootId(2).build();
        Path path = temporary.resolve("image");
        ImageDirectory earlier = ImageDirectory.create(path);
        earlier.write(ImageKind.FS, 5, entry);
        Files.createFile(path.resolve("pages-1.img"));
        Files.createFile(path.resolve("notes.txt"));
        earlier.seal();
        ImageDirectory later = ImageDirectory.create(path);
        later.write(ImageKind.FS, 6, entry);
        later.seal();
        assertEquals(List.of(6L), later.list().stream().map(ImageName::id).toList());
        assertFalse(Files.exists(path.resolve("pages-1.img")));
        assertTrue(Files.exists(path.resolve("notes.txt")));
    }

    @Test
    void shouldNotTouchAFileThatHasAnotherName() throws IOException {
        ImageDirectory image = ImageDirectory.create(temporary.resolve("image"));
        Path other = Files.writeString(temporary.resolve("other"), "precious");
        Files.createLink(image.path(ImageKind.FS, 5), other);
        image.write(
                ImageKind.FS, 5, FsEntry.newBuilder().setCwdId(1).setRootId(2).build());
        assertEquals("precious", Files.readString(other));
    }
}
