package io.baton.mktree.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Size of a file and the CRC32C of each {@link #CHUNK} of it, the last one shorter, so that a part of a large pages file
 * can be verified alone.
 */
public final class FileChecksum {
    /** Bytes under one checksum. */
    public static final int CHUNK = 1 << 20;

    private final long size;
    private final int[] chunks;

    FileChecksum(long size, int[] chunks) {
        this.size = size;
        this.chunks = chunks;
    }

    /** Computes the checksum of bytes as they are written, in file order. */
    public static final class Builder {
        private final CRC32C crc = new CRC32C();
        private int[] chunks = new int[1];
        private long size;

        /**
         * Adds the next bytes of the file.
         *
         * @param bytes consumed
         */
        public void update(ByteBuffer bytes) {
            int end = bytes.limit();
            while (bytes.position() < end) {
                int room = CHUNK - (int) (size % CHUNK);
                int part = Math.min(room, end - bytes.position());
                bytes.limit(bytes.position() + part);
                crc.update(bytes);
                bytes.limit(end);
                size += part;
                if (part == room) {
                    endChunk(count(size) - 1);
                }
            }
        }

        private void endChunk(int chunk) {
            if (chunk >= chunks.length) {
                chunks = Arrays.copyOf(chunks, 2 * chunks.length);
            }
            chunks[chunk] = (int) crc.getValue();
            crc.reset();
        }

        /** {@return checksum of all that was given} */
        public FileChecksum build() {
            if (size % CHUNK != 0) {
                endChunk(count(size) - 1);
            }
            return new FileChecksum(size, Arrays.copyOf(chunks, count(size)));
        }
    }

    /** Reads a whole file. */
    static FileChecksum of(ImageFile file) throws IOException {
        Builder builder = new Builder();
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(CHUNK, file.size()));
        for (long left = file.size(); left > 0; left -= buffer.limit()) {
            buffer.clear().limit((int) Math.min(CHUNK, left));
            file.read(builder.size, buffer);
            builder.update(buffer.flip());
        }
        return builder.build();
    }

    /** {@return length of the file in bytes} */
    public long size() {
        return size;
    }

    int[] chunks() {
        return chunks;
    }

    /** Number of chunks that a file of {@code size} bytes has. */
    static int count(long size) {
        return Math.toIntExact((size + CHUNK - 1) / CHUNK);
    }

    void checkSize(Path file, long found) throws ImageException {
        if (found != size) {
            throw new ImageException(
                    file, Math.min(size, found), "size differs from manifest: size=" + found + " manifest=" + size);
        }
    }

    /** Compares the whole contents of a file of at most one chunk; leaves the buffer as it was. */
    void check(Path file, ByteBuffer contents) throws ImageException {
        Builder builder = new Builder();
        builder.update(contents.duplicate());
        compare(file, builder.build(), 0);
    }

    /** Compares the chunks that the bytes from {@code from} up to {@code to} lie in. */
    void check(Path path, ImageFile file, long from, long to) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(CHUNK, Math.max(size, 1)));
        for (int chunk = (int) (from / CHUNK); chunk < count(Math.min(to, size)); chunk++) {
            long start = (long) chunk * CHUNK;
            buffer.clear().limit((int) Math.min(CHUNK, size - start));
            file.read(start, buffer);
            Builder builder = new Builder();
            builder.update(buffer.flip());
            compare(path, builder.build(), chunk);
        }
    }

    private void compare(Path file, FileChecksum found, int firstChunk) throws ImageException {
        for (int i = 0; i < found.chunks.length; i++) {
            int chunk = firstChunk + i;
            if (found.chunks[i] != chunks[chunk]) {
                throw new ImageException(
                        file,
                        (long) chunk * CHUNK,
                        "checksum differs from manifest: crc32c=" + Integer.toHexString(found.chunks[i]) + " manifest="
                                + Integer.toHexString(chunks[chunk]));
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FileChecksum that && size == that.size && Arrays.equals(chunks, that.chunks);
    }

    @Override
    public int hashCode() {
        return 31 * Long.hashCode(size) + Arrays.hashCode(chunks);
    }
}
