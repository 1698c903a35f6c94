package io.baton.coordinator.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.progress.TaskEvent;
import io.baton.task.linux.ProcessName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
    private static final int ROUNDS = 60;
    private static final int CUTS = 40;
    private static final int CALLS = 50;

    @TempDir
    Path folder = Path.of("");

    @Test
    void shouldReadWhatWasWritten() throws IOException {
        for (int seed = 0; seed < ROUNDS; seed++) {
            final StateDirectory state = StateDirectory.at(folder.resolve("seed-" + seed));
            final Calls told = new Calls();
            try (JournalWriter journal = state.begin()) {
                Calls.tell(journal, new Random(seed), CALLS);
                Calls.end(journal, new Random(seed));
            }
            Calls.tell(told, new Random(seed), CALLS);
            Calls.end(told, new Random(seed));
            final OperationJournal operation = state.list().get(0);
            assertEquals(told.lines(), replay(operation), "seed " + seed);
            assertFalse(Files.exists(operation.directory().resolve(OperationJournal.SPOOL)));
            assertEquals(told.lines(), replay(operation), "again from the queue, seed " + seed);
        }
    }

    @Test
    void shouldReadTheBeginningOfWhatWasCutAnywhere() throws IOException {
        for (int seed = 0; seed < ROUNDS; seed++) {
            final Random random = new Random(seed);
            final Calls told = new Calls();
            Calls.tell(told, new Random(seed), CALLS);
            final Path file = folder.resolve("spool-" + seed);
            try (JournalWriter journal = new JournalWriter(Spool.create(file, Spool.LARGEST), ProcessName.own())) {
                Calls.tell(journal, new Random(seed), CALLS);
            }
            final byte[] whole = Files.readAllBytes(file);
            final Calls all = new Calls();
            assertTrue(read(file, all) > 0);
            assertEquals(told.lines(), all.lines());
            for (int i = 0; i < CUTS; i++) {
                final int cut = random.nextInt(whole.length);
                Files.write(file, Arrays.copyOf(whole, cut));
                expectBeginning(told.lines(), file, "seed " + seed + " cut at " + cut);
                Files.write(file, killedAt(whole, cut));
                expectBeginning(told.lines(), file, "seed " + seed + " killed at " + cut);
                final byte[] damaged = whole.clone();
                damaged[cut] ^= (byte) (1 + random.nextInt(255));
                Files.write(file, damaged);
                read(file, new Calls()); // ends, without an exception
            }
        }
    }

    private static void expectBeginning(final List<String> told, final Path file, final String how) throws IOException {
        final Calls calls = new Calls();
        read(file, calls);
        assertEquals(told.subList(0, calls.lines().size()), calls.lines(), how);
    }

    /** The file as a writer leaves it that is killed while it stores that byte: a record's length comes last. */
    private static byte[] killedAt(final byte[] whole, final int at) {
        final byte[] killed = Arrays.copyOf(Arrays.copyOf(whole, at), whole.length);
        int record = 0;
        while (record <= at) {
            final int length = new org.agrona.concurrent.UnsafeBuffer(whole).getInt(record);
            if (record + RecordDescriptor.aligned(length) > at) {
                Arrays.fill(killed, record, Math.min(record + Integer.BYTES, killed.length), (byte) 0);
                return killed;
            }
            record += RecordDescriptor.aligned(length);
        }
        return killed;
    }

    private static int read(final Path file, final Calls calls) throws IOException {
        final RecordDecoder decoder = new RecordDecoder(calls);
        SpoolReader.read(file, decoder::decode);
        return calls.lines().size();
    }

    @Test
    void shouldSayWhatFoundNoRoom() throws IOException {
        final Path file = folder.resolve("spool");
        try (JournalWriter journal = new JournalWriter(Spool.create(file, 256 * 1024), ProcessName.own())) {
            for (int i = 0; i < 10_000; i++) {
                journal.task(TaskEvent.ARRIVED, i, i, i);
            }
            journal.ended(1, 2);
        }
        final Calls calls = new Calls();
        read(file, calls);
        final List<String> lines = calls.lines();
        assertTrue(Files.size(file) <= 256 * 1024);
        assertEquals("[ended, 1, 2]", lines.get(lines.size() - 2));
        assertEquals("[lost, " + (10_000 - lines.size() + 2) + "]", lines.get(lines.size() - 1));
    }

    @Test
    void shouldKeepSilentWhereItCannotWrite() throws IOException {
        final JournalWriter journal = new JournalWriter(
                new RecordSink() {
                    @Override
                    public boolean append(final org.agrona.DirectBuffer record, final int length) {
                        throw new IllegalStateException("disk full");
                    }

                    @Override
                    public void close() {}
                },
                ProcessName.own());
        Calls.tell(journal, new Random(1), CALLS);
        journal.ended(1, 1);
    }

    @Test
    void shouldLetNobodyElseRead() throws IOException {
        final StateDirectory state = StateDirectory.at(folder.resolve("a").resolve("b"));
        Calls.tell(state.begin(), new Random(1), 1); // as killed, but we live
        expectPrivate(state.path());
        final StateDirectory other = StateDirectory.at(folder.resolve("c"));
        Calls.end(other.begin(), new Random(1));
        replay(other.list().get(0));
        expectPrivate(other.path());
    }

    private static void expectPrivate(final Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (final Path file : files.toList()) {
                assertEquals(
                        Files.isDirectory(file) ? "rwx------" : "rw-------",
                        PosixFilePermissions.toString(Files.getPosixFilePermissions(file)),
                        file.toString());
            }
        }
    }

    @Test
    void shouldKeepTheNewestOperationsOnly() throws IOException {
        final StateDirectory state = StateDirectory.at(folder);
        final JournalWriter live = state.begin();
        final String first = state.list().get(0).id();
        for (int i = 0; i < StateDirectory.MOST_OPERATIONS + 19; i++) {
            Calls.end(state.begin(), new Random(i));
        }
        assertTrue(state.list().size() <= StateDirectory.MOST_OPERATIONS + StateDirectory.SLACK + 1);
        state.prune();
        assertEquals(StateDirectory.MOST_OPERATIONS + 1, state.list().size());
        assertNotNull(state.find(first), "under way");
        live.ended(1, 1);
    }

    @Test
    void shouldTakeLittleRoom() throws IOException {
        final StateDirectory state = StateDirectory.at(folder);
        try (JournalWriter journal = state.begin()) {
            for (int i = 0; i < 2_000; i++) {
                journal.task(TaskEvent.RESTORED, i, i, i + 1);
            }
            journal.ended(1, 1);
        }
        final OperationJournal operation = state.list().get(0);
        assertTrue(operation.size() < 100_000, "spool: " + operation.size());
        replay(operation);
        assertTrue(operation.size() < 300_000, "queue: " + operation.size());
    }

    @Test
    void shouldFindTheUsualPlace() {
        assertEquals(
                Path.of("/x/y"),
                StateDirectory.standard(Map.of("BATON_STATE_DIR", "/x/y", "HOME", "/h"), 0)
                        .path());
        assertEquals(
                Path.of("/var/lib/baton/operations"),
                StateDirectory.standard(Map.of(), 0).path());
        assertEquals(
                Path.of("/s/baton/operations"),
                StateDirectory.standard(Map.of("XDG_STATE_HOME", "/s"), 1000).path());
        assertEquals(
                Path.of("/h/.local/state/baton/operations"),
                StateDirectory.standard(Map.of("HOME", "/h"), 1000).path());
        assertEquals("20261120-214149.007-42", StateDirectory.id(1_795_210_909_007L, 42));
    }

    private static List<String> replay(final OperationJournal operation) throws IOException {
        final Calls calls = new Calls();
        operation.replay(calls);
        return calls.lines();
    }
}
