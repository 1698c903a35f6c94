package io.baton.coordinator.robust;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Every way to damage the files of an image a little, one at a time: a byte changed, a file cut short. After each the
 * file is whole again.
 */
final class Damage {
    /** What a byte is combined with by exclusive or: all bits, the lowest, the sign, the one that ends a varint. */
    private static final int[] MASKS = {0xff, 0x01, 0x40, 0x80};

    private final int stride;
    private int next;

    /**
     * @param stride every so manieth is tried
     */
    Damage(final int stride) {
        this.stride = stride;
    }

    /** What is done with a damaged image. */
    interface Trial {
        /**
         * Tries it.
         *
         * @param file the one that is damaged
         * @param how in words
         */
        void run(Path file, String how) throws IOException;
    }

    /** Files of an image, in order of their names. */
    static List<Path> files(final Path images, final boolean pages) throws IOException {
        try (Stream<Path> list = Files.list(images)) {
            return new ArrayList<>(list.filter(file -> file.toString().endsWith(".img") && pages == isPages(file))
                    .sorted()
                    .toList());
        }
    }

    private static boolean isPages(final Path file) {
        return file.getFileName().toString().startsWith("pages-");
    }

    /** Changes bytes of a file. */
    void change(final Path file, final boolean allMasks, final Trial trial) throws IOException {
        final byte[] whole = Files.readAllBytes(file);
        try {
            for (int at = 0; at < whole.length; at++) {
                for (int i = 0; i < (allMasks ? MASKS.length : 1); i++) {
                    if (next++ % stride == 0) {
                        final byte[] damaged = whole.clone();
                        damaged[at] ^= (byte) MASKS[i];
                        Files.write(file, damaged);
                        trial.run(
                                file,
                                "byte " + at + " of " + whole.length + ", xor 0x" + Integer.toHexString(MASKS[i]));
                    }
                }
            }
        } finally {
            Files.write(file, whole);
        }
    }

    /** Cuts a file short at every length. */
    void cut(final Path file, final Trial trial) throws IOException {
        final byte[] whole = Files.readAllBytes(file);
        try {
            for (int length = 0; length < whole.length; length++) {
                if (next++ % stride == 0) {
                    Files.write(file, java.util.Arrays.copyOf(whole, length));
                    trial.run(file, "cut to " + length + " of " + whole.length);
                }
            }
        } finally {
            Files.write(file, whole);
        }
    }
}
