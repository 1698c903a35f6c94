package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.suspend.SuspendOptions;
import io.baton.coordinator.suspend.SuspendOrder;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Signals;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Processes that are asked before a dump, through whole dumps and restores; {@code native/victims/task-suspends.c}. */
@Timeout(120)
class SuspendTest {
    private static final int SECONDS = 60;
    private static final SuspendOptions BRIEF =
            new SuspendOptions(true, TimeUnit.MILLISECONDS.toNanos(50), SuspendOrder.PARENTS_FIRST, false);

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

    private Path report() {
        return directory.resolve("report");
    }

    private Victim start(String variant, String mode) throws Exception {
        Victim victim = Victim.start("task-suspends" + variant, mode, report());
        awaitLines("ready");
        return victim;
    }

    /** What the victim has said, without its pid. */
    private List<String> lines() throws Exception {
        return Files.exists(report())
                ? Files.readAllLines(report()).stream()
                        .map(line -> line.substring(line.indexOf(' ') + 1))
                        .toList()
                : List.of();
    }

    private void awaitLines(String... wanted) throws Exception {
        Victim.await(() -> lines().equals(List.of(wanted)), () -> {
            try {
                return List.of(wanted) + " but " + lines();
            } catch (Exception e) {
                return e.toString();
            }
        });
    }

    private Path dump(Victim victim, Finish finish, SuspendOptions options) {
        Path images = directory.resolve("images-" + System.nanoTime());
        TreeDump.run(new DumpRequest(victim.pid(), images, DumpOptions.DEFAULT, finish, Deadline.after(SECONDS))
                .withSuspend(options));
        if (finish == Finish.KILL) {
            TreeSnapshot.reap();
        }
        return images;
    }

    private static void restore(Path images) {
        TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
    }

    @ParameterizedTest
    @CsvSource({"complete,''", "complete,-static", "poll,''", "inside,-static"})
    void shouldReturnFromCompleteWhereverItRunsOn(String mode, String variant) throws Exception {
        try (Victim victim = start(variant, mode)) {
            dump(victim, Finish.LEAVE_RUNNING, SuspendOptions.DEFAULT);
            awaitLines("ready", "start", "continued");
            restore(dump(victim, Finish.KILL, SuspendOptions.DEFAULT));
            awaitLines("ready", "start", "continued", "start", "restored");
            restore(dump(victim, Finish.KILL, SuspendOptions.DEFAULT));
            awaitLines("ready", "start", "continued", "start", "restored", "start", "restored");
        }
    }

    @Test
    void shouldStayInCompleteAsLongAsItIsStopped() throws Exception {
        try (Victim victim = start("-static", "complete")) {
            dump(victim, Finish.LEAVE_STOPPED, SuspendOptions.DEFAULT);
            awaitLines("ready", "start");
            victim.signal(Signals.SIGCONT);
            awaitLines("ready", "start", "continued");
        }
    }

    @Test
    void shouldIgnoreACompleteThatComesTooLate() throws Exception {
        try (Victim victim = start("-static", "late:300")) {
            restore(dump(victim, Finish.KILL, BRIEF));
            awaitLines("ready", "start", "ignored");
            restore(dump(victim, Finish.KILL, SuspendOptions.DEFAULT));
            awaitLines("ready", "start", "ignored", "start", "restored");
        }
    }

    @Test
    void shouldDumpWhoNeverCompletesOrPostpones() throws Exception {
        try (Victim victim = start("", "never")) {
            restore(dump(victim, Finish.KILL, BRIEF));
            awaitLines("ready", "start");
            assertTrue(victim.isAlive());
        }
    }

    @Test
    void shouldAskNobodyUnlessWanted() throws Exception {
        try (Victim victim = start("", "complete")) {
            restore(dump(victim, Finish.KILL, SuspendOptions.NONE));
            assertTrue(victim.isAlive());
            awaitLines("ready");
        }
    }

    @Test
    void shouldLetAllRunOnIfTheDumpFails() throws Exception {
        try (Victim victim = start("", "complete")) {
            Path file = Files.createFile(directory.resolve("a file, no directory"));
            DumpRequest request = new DumpRequest(
                    victim.pid(), file.resolve("images"), DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS));
            assertThrows(BatonException.class, () -> TreeDump.run(request));
            awaitLines("ready", "start", "continued");
        }
    }

    /** Whatever is in the page, it is only the page of that process. */
    @Test
    void shouldDumpAndRestoreAPageThatChangesAllTheTime() throws Exception {
        Path ready = directory.resolve("ready");
        try (Victim victim = Victim.start("task-hostile-static", "flip", ready)) {
            Victim.await(() -> Files.exists(ready));
            restore(dump(victim, Finish.KILL, BRIEF));
            assertTrue(victim.isAlive());
        }
    }

    @Test
    void shouldGiveUpIfAllAreRequired() throws Exception {
        SuspendOptions required = new SuspendOptions(true, BRIEF.limitNanos(), SuspendOrder.ALL_AT_ONCE, true);
        try (Victim victim = start("", "reason")) {
            BatonException e = assertThrows(BatonException.class, () -> dump(victim, Finish.KILL, required));
            assertEquals(ErrorCode.NOT_SUSPENDED, e.code());
            assertTrue(e.message().contains("not in the mood"), e.message());
            assertTrue(victim.isAlive());
        }
    }
}
