package io.baton.mktree.image;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the bytes are: they parse, or there is an ImageException; and no more memory is taken than the file has. */
class HostileImageTest {
    @TempDir
    Path temporary;

    private int rounds;

    /** Reads every entry and payload, now and then as JSON too. Any exception but an ImageException fails the test. */
    private boolean parses(String name, byte[] bytes) throws IOException {
        Path file = temporary.resolve(name);
        Files.write(file, bytes);
        try {
            if (rounds++ % 16 == 0) {
                ImageJson.decode(file, new StringBuilder());
            }
            try (ImageReader reader = ImageReader.open(file, Fixtures.kind(file))) {
                for (ImageEntry entry = reader.next(); entry != null; entry = reader.next()) {
                    reader.payload(entry);
                }
            }
            return true;
        } catch (ImageException e) {
            assertTrue(e.file().equals(name) && e.offset() >= 0 && e.offset() <= bytes.length, e.toString());
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "counter/core-30753.img",
                "counter/inventory.img",
                "counter/stats-dump",
                "counter/mm-30753.img",
                "family/pipes-data.img",
                "family/pstree.img",
                "family/files.img",
                "threads/pagemap-30788.img"
            })
    void shouldSurviveEveryFlippedByteAndEveryTruncation(String source) throws IOException {
        Path original = Fixtures.shared("criu-images").resolve(source);
        String name = original.getFileName().toString();
        byte[] bytes = Files.readAllBytes(original);
        int refused = 0;
        for (int i = 0; i < bytes.length; i++) {
            for (int flip : new int[] {0xff, 1 << (i & 7)}) {
                bytes[i] ^= (byte) flip;
                refused += parses(name, bytes) ? 0 : 1;
                bytes[i] ^= (byte) flip;
            }
            parses(name, java.util.Arrays.copyOf(bytes, i));
        }
        assertTrue(refused >= 8, "flips refused: " + refused);
    }

    @Test
    void shouldSurviveRandomLengthsAndCounts() throws IOException {
        SplittableRandom random = new SplittableRandom(42);
        List<Path> files = PayloadTest.everyPayload(Files.createDirectory(temporary.resolve("all")));
        for (int round = 0; round < 4000; round++) {
            Path original = files.get(random.nextInt(files.size()));
            byte[] bytes = Files.readAllBytes(original);
            for (int change = random.nextInt(1, 4); change > 0; change--) {
                int at = random.nextInt(bytes.length - 4);
                int value = random.nextBoolean() ? random.nextInt() : random.nextInt(64) - 32;
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
            }
            parses(original.getFileName().toString(), bytes);
        }
    }

    @Test
    void shouldSurviveRandomBytesAsAnyKind() throws IOException {
        SplittableRandom random = new SplittableRandom(7);
        for (ImageKind kind : ImageKind.values()) {
            for (int round = 0; round < 40; round++) {
                byte[] bytes = new byte[random.nextInt(12, 200)];
                random.nextBytes(bytes);
                ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
                if (kind.commonMagic() != 0) {
                    file.putInt(kind.commonMagic());
                }
                file.putInt(kind.magic());
                file.putInt(round % 2 == 0 && file.remaining() > 4 ? file.remaining() - 4 : random.nextInt());
                parses(kind.fileName(1), bytes);
            }
        }
    }

    @Test
    void shouldNotBelieveALengthOfFourGigabytes() throws IOException {
        byte[] bytes = Files.readAllBytes(Fixtures.image("family").resolve("pstree.img"));
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(8, -1);
        Path file = temporary.resolve("pstree.img");
        Files.write(file, bytes);
        ImageException error = assertThrows(ImageException.class, () -> ImageJson.decode(file, new StringBuilder()));
        assertTrue(
                error.toString().contains("pstree.img: entry reaches beyond the end of the file"), error.getMessage());
        assertTrue(error.offset() == 12, error.getMessage());
    }

    @Test
    void shouldRefuseTheMagicOfAnotherKind() {
        Path file = Fixtures.image("family").resolve("files.img");
        ImageException error = assertThrows(ImageException.class, () -> ImageReader.open(file, ImageKind.PSTREE));
        assertTrue(error.toString().contains("not a file of its kind: kind=PSTREE"), error.getMessage());
    }

    @Test
    void shouldRefuseWhatIsNoRegularFile() throws IOException {
        Files.createDirectory(temporary.resolve("fs-1.img"));
        assertThrows(ImageException.class, () -> ImageReader.open(temporary.resolve("fs-1.img"), ImageKind.FS));
        assertThrows(ImageException.class, () -> ImageReader.open(temporary.resolve("fs-2.img"), ImageKind.FS));
    }
}
