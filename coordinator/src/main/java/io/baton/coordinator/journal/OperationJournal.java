package io.baton.coordinator.journal;

import io.baton.task.linux.ProcessName;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

/**
 * The journal of one operation, for reading. Its directory holds the {@code spool} that the operation wrote, until somebody
 * reads it after the end: then it becomes the Chronicle Queue in {@code queue}.
 */
public final class OperationJournal {
    static final String SPOOL = "spool";
    static final String QUEUE = "queue";
    private static final String NEW_QUEUE = "queue.new";
    private static final String LOCK = "lock";
    private static final long ROOM = 4 * 1024 * 1024;

    private final Path directory;

    OperationJournal(final Path directory) {
        this.directory = directory;
    }

    /** Name of the operation: when it was begun (UTC), and by which pid. */
    public String id() {
        return String.valueOf(directory.getFileName());
    }

    /** Where it lies. */
    public Path directory() {
        return directory;
    }

    /** All that was told, as far as it was written. */
    public Story read() throws IOException {
        final Story story = new Story(id());
        replay(story);
        return story;
    }

    /** Tells a listener all that was written. */
    public void replay(final JournalListener listener) throws IOException {
        try {
            keep();
        } catch (final IOException | RuntimeException e) {
            LoggerFactory.getLogger(OperationJournal.class).warn("read from the spool: {}", e.toString());
        }
        final RecordDecoder decoder = new RecordDecoder(listener);
        if (Files.isDirectory(queue())) {
            QueueStore.read(queue(), decoder::decode);
        } else {
            readSpool(decoder::decode);
        }
    }

    /** As {@link #read}, but changes nothing and needs no queue as long as there is a spool. */
    public Story glance() throws IOException {
        final Story story = new Story(id());
        final RecordDecoder decoder = new RecordDecoder(story);
        if (Files.exists(spool()) || !Files.isDirectory(queue())) {
            readSpool(decoder::decode);
        } else {
            QueueStore.read(queue(), decoder::decode);
        }
        return story;
    }

    /** Whether its coordinator may still be writing; what has a queue has ended. Mostly told by the first record. */
    boolean isUnderWay() throws IOException {
        if (!Files.exists(spool())) {
            return false;
        }
        final Story beginning = new Story(id());
        SpoolReader.readFirst(spool(), new RecordDecoder(beginning));
        return !isOver(beginning) && !isOver(glance());
    }

    private static boolean isOver(final Story story) {
        final ProcessName coordinator = story.coordinator();
        return story.hasEnded() || (coordinator != null && coordinator.isInOurNamespace() && coordinator.hasEnded());
    }

    private void readSpool(final SpoolReader.Sink sink) throws IOException {
        try {
            SpoolReader.read(spool(), sink);
        } catch (final NoSuchFileException e) {
            if (Files.isDirectory(queue())) {
                QueueStore.read(queue(), sink); // just made by somebody else
            }
        }
    }

    /**
     * Makes the queue of the spool when the operation is over, as reading does: for those who live long and load Chronicle
     * once. Whole or not at all; by one at a time; where we may not write, nobody does.
     */
    public void keep() throws IOException {
        if (Files.isDirectory(queue()) || !Files.isWritable(directory) || !isOver(glance())) {
            return;
        }
        // Chronicle stores to files with holes: on a full disk that would be a SIGBUS.
        if (Files.getFileStore(directory).getUsableSpace() < ROOM + 2 * size()) {
            return;
        }
        try (FileChannel channel = FileChannel.open(
                        directory.resolve(LOCK),
                        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                        StateDirectory.PRIVATE_FILE);
                FileLock lock = channel.tryLock()) {
            if (lock == null || Files.isDirectory(queue())) {
                return;
            }
            final Path made = directory.resolve(NEW_QUEUE);
            delete(made.toFile());
            Files.createDirectory(made, StateDirectory.PRIVATE_DIRECTORY);
            try (QueueStore store = QueueStore.appendTo(made)) {
                SpoolReader.read(spool(), store::append);
            }
            Files.move(made, queue(), StandardCopyOption.ATOMIC_MOVE);
            Files.deleteIfExists(spool());
        } catch (final OverlappingFileLockException e) {
            return; // another thread of ours is at it
        }
    }

    /** Adds what was cleared after it. */
    public void recovered(final String what) throws IOException {
        keep();
        if (!Files.isDirectory(queue())) {
            return; // no room to note it: it is looked at again the next time
        }
        try (QueueStore store = QueueStore.appendTo(queue())) {
            new JournalWriter(store).recovered(what, System.currentTimeMillis());
        }
    }

    /** Bytes on disk. */
    long size() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(OperationJournal::used)
                    .sum();
        } catch (final UncheckedIOException e) {
            return 0; // somebody else deletes it
        }
    }

    private static long used(final Path file) {
        final int unit = 512;
        try {
            return io.baton.task.linux.Files.statusAt(io.baton.task.linux.Files.AT_FDCWD, file.toString(), 0)
                            .blocks()
                    * unit;
        } catch (final io.baton.task.linux.LinuxException e) {
            return 0;
        }
    }

    void delete() throws IOException {
        delete(directory.toFile());
    }

    /** Plain loops: an operation that begins pays for every class that is loaded here. */
    private static void delete(final File file) throws IOException {
        final File[] inside = file.listFiles();
        if (inside != null) {
            for (final File one : inside) {
                delete(one);
            }
        }
        Files.deleteIfExists(file.toPath());
    }

    private Path spool() {
        return directory.resolve(SPOOL);
    }

    private Path queue() {
        return directory.resolve(QUEUE);
    }
}
