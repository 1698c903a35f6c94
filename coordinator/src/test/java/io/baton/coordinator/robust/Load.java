package io.baton.coordinator.robust;

import io.baton.coordinator.Victim;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** A process that spins, sleeps, takes page faults and forks, and counts all that; source in {@code victims/load.c}. */
final class Load implements AutoCloseable {
    private static final int LENGTH = 4096;
    private static final int READY = 1;
    private static final int FIRST = 2;
    private static final int LAST = 6;

    private final Victim victim;
    private final MappedByteBuffer words;

    private Load(final Victim victim, final MappedByteBuffer words) {
        this.victim = victim;
        this.words = words;
    }

    /** Starts one and waits until everything in it counts. */
    static Load start(final Path counts) throws Exception {
        final MappedByteBuffer words = map(counts);
        final Load load = new Load(Victim.start("load-static", counts), words);
        Victim.await(() -> words.getLong(READY * Long.BYTES) != 0);
        load.awaitProgress();
        return load;
    }

    private static MappedByteBuffer map(final Path counts) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(counts.toFile(), "rw")) {
            file.setLength(LENGTH);
            final MappedByteBuffer words = file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, LENGTH);
            words.order(ByteOrder.LITTLE_ENDIAN);
            return words;
        }
    }

    Victim victim() {
        return victim;
    }

    /** What each thread has counted. */
    List<Long> counts() {
        return IntStream.rangeClosed(FIRST, LAST)
                .mapToObj(word -> words.getLong(word * Long.BYTES))
                .toList();
    }

    /** Waits until every thread has counted on. */
    void awaitProgress() throws Exception {
        final List<Long> before = counts();
        Victim.await(
                () -> IntStream.range(0, before.size()).allMatch(i -> counts().get(i) > before.get(i)),
                () -> "progress beyond " + before + ": " + counts());
    }

    /** What they have found wrong. */
    long errors() {
        return words.getLong(0);
    }

    @Override
    public void close() {
        victim.close();
    }
}
