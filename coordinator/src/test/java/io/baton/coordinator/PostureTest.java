package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.VanishedException;
import java.io.RandomAccessFile;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Trees of {@code posture}: random users, low and odd limits, capabilities, schedulers, filters, modes; each thread tells
 * after the restore what is not as it was. {@code -Dbaton.postures=N}: N of them.
 */
class PostureTest {
    private static final int LENGTH = 65_536;
    private static final int TEXT = 4096;
    private static final int THREADS = 6;
    private static final int READY = 0;
    private static final int GO = 4;
    private static final int DONE = 8;
    private static final int FAULTS = 12;
    private static final long SECONDS = 60;

    @TempDir
    Path directory;

    static IntStream seeds() {
        int first = Integer.getInteger("baton.seed", 1);
        return IntStream.range(first, first + Integer.getInteger("baton.postures", 6));
    }

    @BeforeAll
    static void adoptOrphans() {
        Prctl.setChildSubreaper(true);
    }

    @AfterEach
    void reapZombies() {
        TreeSnapshot.reap();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void shouldBringBackWhatATaskIsAndMay(int seed) throws Exception {
        assumeTrue(Identity.uid() == 0, "needs root: other users, capabilities, real time");
        Path file = directory.resolve("board");
        MappedByteBuffer board = board(file);
        try (Victim victim = Victim.start("posture", file, seed)) {
            Victim.await(() -> board.getInt(READY) == THREADS, () -> "ready: " + board.getInt(READY));
            Path images = directory.resolve("images");
            TreeDump.run(
                    new DumpRequest(victim.pid(), images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS)));
            TreeSnapshot.reap();
            TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
            board.putInt(GO, 1);
            try (TreeSnapshot tree = new TreeSnapshot()) {
                List<Integer> tasks = tree.tree(victim.pid());
                Victim.await(
                        () -> board.getInt(DONE) == THREADS || tasks.stream().anyMatch(PostureTest::isDead));
                String told = text(board);
                tasks.forEach(task -> Signals.kill(task, Signals.SIGKILL));

                assertEquals("", told);
                assertEquals(THREADS, board.getInt(DONE));
            }
        }
    }

    private static boolean isDead(int pid) {
        try (ProcFs proc = new ProcFs()) {
            return proc.stat(pid).isZombie();
        } catch (VanishedException e) {
            return true;
        }
    }

    private static MappedByteBuffer board(Path file) throws Exception {
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            open.setLength(LENGTH);
            MappedByteBuffer board = open.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, LENGTH);
            board.order(ByteOrder.LITTLE_ENDIAN);
            return board;
        }
    }

    private static String text(MappedByteBuffer board) {
        byte[] text = new byte[Math.min(board.getInt(FAULTS), LENGTH - TEXT)];
        board.get(TEXT, text);
        return new String(text, StandardCharsets.ISO_8859_1).replaceAll("\0+", "");
    }
}
