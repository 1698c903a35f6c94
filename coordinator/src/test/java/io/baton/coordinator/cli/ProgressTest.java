package io.baton.coordinator.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.TreeSnapshot;
import io.baton.coordinator.Victim;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.progress.OperationKind;
import io.baton.coordinator.progress.TaskEvent;
import io.baton.coordinator.progress.TaskRow;
import io.baton.coordinator.restore.RestoreRequest;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.coordinator.supervision.TimeLimits;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.RestoreStatsEntry;
import io.baton.mktree.image.proto.StatsEntry;
import io.baton.task.linux.Prctl;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgressTest {
    private static final int COLUMNS = 100;
    private static final long SECONDS = 60;

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final PrintStream err = new PrintStream(written, true, StandardCharsets.UTF_8);

    @TempDir
    Path directory;

    @BeforeAll
    static void adoptOrphans() {
        Prctl.setChildSubreaper(true);
    }

    @AfterEach
    void reapZombies() {
        TreeSnapshot.reap();
    }

    private String text() {
        return written.toString(StandardCharsets.UTF_8);
    }

    private static Supervision listening(Progress progress) {
        return new Supervision(TimeLimits.ofSeconds(SECONDS, 0), () -> false, progress, List.of());
    }

    @Test
    void shouldTellTotalsOfADumpAndARestore() throws Exception {
        Path images = directory.resolve("images");
        try (Victim victim = Victim.startTree(directory, "star", 4)) {
            TreeDump.run(new DumpRequest(
                    victim.pid(), images, DumpOptions.DEFAULT, Finish.KILL, listening(new Progress(err, 0))));
            TreeSnapshot.reap();
            assertTrue(
                    text().matches("dump: 5 tasks, .*of pages, [0-9.]+ s, for [0-9.]+ s the tree stood still\\R"),
                    text());

            written.reset();
            TreeRestore.run(new RestoreRequest(images, RestoreOptions.DEFAULT, listening(new Progress(err, 0))));
            assertTrue(text().matches("restore: 5 tasks, .*of pages, \\d+\\.\\d\\d s\\R"), text());
        }
    }

    @Test
    void shouldLeaveStatisticsAsCriuDoes() throws Exception {
        Path images = directory.resolve("images");
        try (Victim victim = Victim.startTree(directory, "star", 4)) {
            TreeDump.run(new DumpRequest(
                    victim.pid(), images, DumpOptions.DEFAULT, Finish.KILL, listening(new Progress(err, 0))));
            TreeSnapshot.reap();
            TreeRestore.run(new RestoreRequest(images, RestoreOptions.DEFAULT, Supervision.NONE));
            RestoreStatsEntry stats = ImageDirectory.open(images)
                    .one(ImageKind.STATS_RESTORE, 0, StatsEntry.class)
                    .getRestore();

            assertEquals(0, stats.getPagesCompared());
            long pages = 0;
            try (var files = Files.list(images)) {
                for (Path file : files.filter(
                                file -> file.getFileName().toString().startsWith("pages-"))
                        .toList()) {
                    pages += Files.size(file) / 4096;
                }
            }
            assertEquals(pages, stats.getPagesRestored());
            assertTrue(stats.getForkingTime() > 0 && stats.getForkingTime() < stats.getRestoreTime(), stats.toString());
            ImageDirectory.open(images).verify(true);
        }
    }

    @Test
    void shouldDrawOnATerminalAndCleanUp() throws Exception {
        Progress progress = new Progress(err, COLUMNS);
        progress.began(OperationKind.DUMP, directory, 1, System.nanoTime());
        progress.planned(List.of(new TaskRow(1, "process", "one"), new TaskRow(2, "process", "two")));
        progress.task(TaskEvent.CAPTURED, 1, 0, 0);
        progress.counting(() -> 3L << 20);
        Victim.await(() -> text().contains("dump  1/2 tasks  3 MiB"));
        assertTrue(text().contains("[############............]  50%"), text());
        progress.ended(1, System.nanoTime());

        String[] drawn = text().split("\r\033\\[K", -1);
        assertTrue(drawn[drawn.length - 1].startsWith("dump: 2 tasks, 3 MiB of pages, "), text());
        assertFalse(text().contains("\n\r"), text());
    }

    @Test
    void shouldDrawNothingOfWhatIsOverAtOnceOrOutsideOfATerminal() throws Exception {
        Progress quick = new Progress(err, COLUMNS);
        quick.began(OperationKind.RESTORE, directory, 1, System.nanoTime());
        quick.failed(new BatonException(ErrorCode.INTERNAL, "no", ""), System.nanoTime());
        Progress elsewhere = new Progress(err, 0);
        elsewhere.began(OperationKind.RESTORE, directory, 1, System.nanoTime());
        Thread.sleep(500);
        elsewhere.failed(new BatonException(ErrorCode.INTERNAL, "no", ""), System.nanoTime());

        assertEquals("", text());
    }

    @Test
    void shouldFitTheLineToTheTerminal() {
        ProgressLine line = new ProgressLine("restore restore", 7, 10, 1 << 20, 4 << 20, 2_500_000_000L);

        assertEquals(
                "restore restore  7/10 tasks  1 MiB of 4 MiB  2.50 s [######..................]  25%", line.text(90));
        assertEquals("restore restore  7/10 tasks  1 MiB of 4 MiB  2.50 s", line.text(60));
        assertEquals("restore r", line.text(10));
    }
}
