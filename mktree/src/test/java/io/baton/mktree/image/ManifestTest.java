package io.baton.mktree.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.mktree.image.proto.FsEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class ManifestTest {
    @TempDir
    Path temporary;

    private Path path;

    @BeforeEach
    void shouldSealAnImage() throws IOException {
        path = temporary.resolve("image");
        ImageDirectory image = ImageDirectory.create(path);
        image.write(
                ImageKind.FS, 5, FsEntry.newBuilder().setCwdId(1).setRootId(2).build());
        byte[] pages = new byte[3 * FileChecksum.CHUNK + 4096];
        new java.util.Random(3).nextBytes(pages);
        Files.write(image.pages(1), pages);
        Files.write(image.pages(2), new byte[0]);
        Files.writeString(path.resolve("stats-dump"), "not named");
        image.seal();
    }

    private void shouldRefuse(String file, long offset, String reason, Executable action) {
        ImageException error = assertThrows(ImageException.class, action);
        assertEquals(file, error.file(), error.getMessage());
        assertEquals(offset, error.offset(), error.getMessage());
        assertTrue(error.reason().startsWith(reason), error.getMessage());
    }

    private void flip(String file, long at) throws IOException {
        byte[] bytes = Files.readAllBytes(path.resolve(file));
        bytes[(int) at] ^= 1;
        Files.write(path.resolve(file), bytes);
    }

    @Test
    void shouldAcceptWhatIsAsItWas() throws IOException {
        ImageDirectory image = ImageDirectory.open(path);
        assertEquals(
                Set.of("fs-5.img", "pages-1.img", "pages-2.img"),
                image.manifest().orElseThrow().files().keySet());
        image.verify(true);
        Files.writeString(path.resolve("extra.img"), "nobody's business");
        image.verify(true);
    }

    @Test
    void shouldComputeTheSameWhileWritingAndWhileReading() throws IOException {
        try (ImageFile file = ImageFile.open(path.resolve("fs-5.img"))) {
            assertEquals(ImageDirectory.open(path).manifest().orElseThrow().file("fs-5.img"), FileChecksum.of(file));
        }
        byte[] bytes = Files.readAllBytes(path.resolve("pages-1.img"));
        FileChecksum.Builder parts = new FileChecksum.Builder();
        for (int at = 0; at < bytes.length; ) {
            int part = Math.min(bytes.length - at, 1 + 7 * at % 999_999);
            parts.update(ByteBuffer.wrap(bytes, at, part));
            at += part;
        }
        assertEquals(ImageDirectory.open(path).manifest().orElseThrow().file("pages-1.img"), parts.build());
    }

    @Test
    void shouldNameTheFileThatIsMissing() throws IOException {
        Files.delete(path.resolve("fs-5.img"));
        ImageDirectory image = ImageDirectory.open(path);
        shouldRefuse("fs-5.img", 0, "missing", () -> image.verify(false));
    }

    @Test
    void shouldNameTheFileWhoseSizeDiffers() throws IOException {
        Files.write(path.resolve("pages-1.img"), new byte[4096]);
        ImageDirectory image = ImageDirectory.open(path);
        shouldRefuse("pages-1.img", 4096, "size differs", () -> image.verify(false));
    }

    @Test
    void shouldNameTheFileWhoseContentsDiffer() throws IOException {
        flip("fs-5.img", 13);
        ImageDirectory image = ImageDirectory.open(path);
        shouldRefuse("fs-5.img", 0, "checksum differs", () -> image.verify(false));
        shouldRefuse("fs-5.img", 0, "checksum differs", () -> image.one(ImageKind.FS, 5, FsEntry.class));
        ImageDirectory.openUnverified(path).one(ImageKind.FS, 5, FsEntry.class);
    }

    @Test
    void shouldVerifyPagesOnRequestAndInParts() throws IOException {
        flip("pages-1.img", 2L * FileChecksum.CHUNK + 5);
        ImageDirectory image = ImageDirectory.open(path);
        image.verify(false);
        shouldRefuse("pages-1.img", 2L * FileChecksum.CHUNK, "checksum differs", () -> image.verify(true));
        Manifest manifest = image.manifest().orElseThrow();
        manifest.verifyRange("pages-1.img", 0, 2 * FileChecksum.CHUNK);
        manifest.verifyRange("pages-1.img", 3L * FileChecksum.CHUNK, 4096);
        manifest.verifyRange("pages-7.img", 0, 4096);
        shouldRefuse(
                "pages-1.img",
                2L * FileChecksum.CHUNK,
                "checksum differs",
                () -> manifest.verifyRange("pages-1.img", 2 * FileChecksum.CHUNK - 1, 2));
    }

    @Test
    void shouldRefuseAnImageWhoseDumpDidNotFinish() throws IOException {
        ImageDirectory.create(path);
        shouldRefuse(
                Manifest.FILE_NAME,
                0,
                "the dump that wrote this image did not finish",
                () -> ImageDirectory.open(path));
    }

    @Test
    void shouldRefuseADamagedManifest() throws IOException {
        byte[] good = Files.readAllBytes(path.resolve(Manifest.FILE_NAME));
        for (int i = 0; i < good.length; i++) {
            byte[] bad = good.clone();
            bad[i] ^= (byte) (1 << (i & 7));
            Files.write(path.resolve(Manifest.FILE_NAME), bad);
            assertThrows(ImageException.class, () -> ImageDirectory.open(path), "flipped " + i);
            Files.write(path.resolve(Manifest.FILE_NAME), java.util.Arrays.copyOf(good, i));
            assertThrows(ImageException.class, () -> ImageDirectory.open(path), "cut at " + i);
        }
    }

    @Test
    void shouldNeverLeaveTheDirectory() {
        for (String name : new String[] {"../x.img", "/etc/passwd", ".hidden", "", "a b.img", "a\nb.img", "ü.img"}) {
            assertTrue(!ManifestText.isName(name), name);
        }
    }
}
