package io.baton.coordinator.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Reads a spool as far as it is whole, also while it is written or after its writer was killed. */
final class SpoolReader {
    /** Takes records. */
    interface Sink {
        /** Takes one; false: no more of them. */
        boolean take(DirectBuffer buffer, int at, int length);
    }

    private SpoolReader() {}

    /** Reads the first record only. Without a lambda: whoever begins an operation would pay for its linkage. */
    static void readFirst(final Path file, final RecordDecoder decoder) throws IOException {
        final UnsafeBuffer buffer = new UnsafeBuffer(Files.readAllBytes(file));
        if (buffer.capacity() >= RecordDescriptor.HEAD_LENGTH) {
            decoder.decode(buffer, 0, buffer.getInt(RecordDescriptor.LENGTH_OFFSET));
        }
    }

    static void read(final Path file, final Sink sink) throws IOException {
        final UnsafeBuffer buffer = new UnsafeBuffer(Files.readAllBytes(file));
        int at = 0;
        while (at <= buffer.capacity() - RecordDescriptor.HEAD_LENGTH) {
            final int length = buffer.getInt(at + RecordDescriptor.LENGTH_OFFSET);
            if (length < RecordDescriptor.HEAD_LENGTH
                    || length > buffer.capacity() - at
                    || !sink.take(buffer, at, length)) {
                return;
            }
            at += RecordDescriptor.aligned(length);
        }
    }
}
