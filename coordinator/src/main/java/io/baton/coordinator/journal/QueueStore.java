package io.baton.coordinator.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.queue.rollcycles.LegacyRollCycles;
import net.openhft.chronicle.wire.DocumentContext;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The journal of one operation as a Chronicle Queue: one document for each record, all in one roll, whatever day it is.
 * Nothing of Chronicle is loaded but here: its 500 classes cost half a restore.
 */
final class QueueStore implements RecordSink {
    private static final int BLOCK = 64 * 1024;

    static {
        // Neither tells anybody of itself, nor looks after the disk from a thread of its own.
        System.setProperty("chronicle.analytics.disable", "true");
        System.setProperty("chronicle.announcer.disable", "true");
        System.setProperty("chronicle.disk.monitor.disable", "true");
    }

    private final ChronicleQueue queue;
    private final ExcerptAppender appender;
    private final Path directory;
    private byte[] copy = new byte[BLOCK];

    private QueueStore(final Path directory) {
        this.directory = directory;
        this.queue = open(directory);
        this.appender = queue.createAppender();
    }

    /** A queue to append to; made if it is not there. */
    static QueueStore appendTo(final Path directory) {
        return new QueueStore(directory);
    }

    private static ChronicleQueue open(final Path directory) {
        return SingleChronicleQueueBuilder.binary(directory)
                .blockSize(BLOCK)
                .rollCycle(LegacyRollCycles.DAILY)
                .timeProvider(() -> 0) // always the same day: never rolls
                .build();
    }

    @Override
    public boolean append(final DirectBuffer record, final int length) {
        return append(record, 0, length);
    }

    /** Appends a record that lies anywhere. */
    boolean append(final DirectBuffer buffer, final int at, final int length) {
        if (copy.length < length) {
            copy = new byte[2 * length];
        }
        buffer.getBytes(at, copy, 0, length);
        try (DocumentContext document = appender.writingDocument()) {
            bytes(document).write(copy, 0, length);
        }
        return true;
    }

    /** Reads all documents, in order. */
    static void read(final Path directory, final SpoolReader.Sink sink) {
        try (ChronicleQueue queue = open(directory);
                ExcerptTailer tailer = queue.createTailer()) {
            while (true) {
                try (DocumentContext document = tailer.readingDocument()) {
                    if (!document.isPresent()) {
                        return;
                    }
                    final Bytes<?> bytes = bytes(document);
                    final byte[] record = new byte[(int) bytes.readRemaining()];
                    bytes.read(record);
                    if (!sink.take(new UnsafeBuffer(record), 0, record.length)) {
                        return;
                    }
                }
            }
        }
    }

    private static Bytes<?> bytes(final DocumentContext document) {
        final var wire = document.wire();
        if (wire == null) {
            throw new IllegalStateException("a document without content: " + document);
        }
        return wire.bytes();
    }

    @Override
    public void close() {
        appender.close();
        queue.close();
        try (Stream<Path> files = Files.list(directory)) {
            for (final Path file : (Iterable<Path>) files::iterator) {
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            }
        } catch (final IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
