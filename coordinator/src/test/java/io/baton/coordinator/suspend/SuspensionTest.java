package io.baton.coordinator.suspend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.progress.SuspendOutcome;
import io.baton.coordinator.progress.SuspendTurn;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.task.linux.Signals;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Asking alone, without a dump: processes that do not play by the rules, and coordinators that do not live to see it. */
@Timeout(120)
class SuspensionTest {
    private static final int ROUNDS = Integer.getInteger("baton.hostile", 5);
    private static final long LIMIT_MILLIS = 200;
    private static final SuspendOptions BRIEF =
            new SuspendOptions(true, TimeUnit.MILLISECONDS.toNanos(LIMIT_MILLIS), SuspendOrder.PARENTS_FIRST, false);
    private static final SuspendOptions LONG =
            new SuspendOptions(true, TimeUnit.HOURS.toNanos(1), SuspendOrder.PARENTS_FIRST, false);

    @TempDir
    Path folder = Path.of("");

    private Path report() {
        return folder.resolve("report");
    }

    private Victim start(String tree, int processes) throws Exception {
        Victim victim = Victim.start("task-suspends-static", tree, report());
        awaitSaid("ready", processes);
        return victim;
    }

    private Victim hostile(String mode) throws Exception {
        Path ready = folder.resolve("ready-" + System.nanoTime());
        Victim victim = Victim.start("task-hostile-static", mode, ready);
        Victim.await(() -> Files.exists(ready), () -> mode);
        return victim;
    }

    private void awaitSaid(String what, long times) throws Exception {
        Victim.await(
                () -> Files.exists(report())
                        && Files.readAllLines(report()).stream()
                                        .filter(line -> line.endsWith(' ' + what))
                                        .count()
                                == times,
                () -> times + " " + what);
    }

    private static Suspension ask(Victim victim, SuspendOptions options) {
        return Suspension.ask(victim.pid(), 0, options, Deadline.after(60), OperationListener.NONE);
    }

    @Test
    void shouldReleaseAllWhenClosed() throws Exception {
        try (Victim victim = start("complete(complete,inside(poll))", 4)) {
            try (Suspension suspension = ask(victim, LONG)) {
                assertEquals(4, suspension.turns().size());
                suspension.turns().forEach(turn -> assertEquals(SuspendOutcome.COMPLETED, turn.outcome()));
                awaitSaid("continued", 0);
            }
            awaitSaid("continued", 4);
        }
    }

    /** The kernel wakes them: nobody else is there. */
    @Test
    void shouldReleaseAllWhenTheCoordinatorIsKilled() throws Exception {
        try (Victim victim = start("complete(complete(never))", 3)) {
            Process coordinator = new ProcessBuilder(java(EndlessAsking.class, victim.pid()))
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("output").toFile())
                    .start();
            awaitSaid("start", 3); // so the others sleep in COMPLETE
            awaitSaid("continued", 0);
            coordinator.destroyForcibly().waitFor();
            awaitSaid("continued", 2);

            // And all are ready for the next one.
            try (Suspension suspension = ask(victim, BRIEF)) {
                assertEquals(
                        List.of(SuspendOutcome.COMPLETED, SuspendOutcome.COMPLETED, SuspendOutcome.TIMED_OUT),
                        suspension.turns().stream().map(SuspendTurn::outcome).toList());
            }
        }
    }

    private static List<String> java(Class<?> main, Object argument) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                "-Djna.boot.library.path=" + System.getProperty("jna.boot.library.path", ""),
                "-Djna.nounpack=true",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName(),
                argument.toString());
    }

    @Test
    void shouldReleaseAllWhenCancelled() throws Exception {
        try (Victim victim = start("complete(never)", 2)) {
            Deadline deadline = Deadline.after(60, () -> saidStart() == 2);
            BatonException e = assertThrows(
                    BatonException.class,
                    () -> Suspension.ask(victim.pid(), 0, LONG, deadline, OperationListener.NONE));
            assertEquals(ErrorCode.INTERRUPTED, e.code());
            awaitSaid("continued", 1);
        }
    }

    private long saidStart() {
        try {
            return Files.readAllLines(report()).stream()
                    .filter(line -> line.endsWith(" start"))
                    .count();
        } catch (java.io.IOException e) {
            return 0;
        }
    }

    @Test
    void shouldLeaveTimeForTheDumpWhateverTheLimit() throws Exception {
        try (Victim victim = start("never(complete)", 2)) {
            try (Suspension suspension =
                    Suspension.ask(victim.pid(), 0, LONG, Deadline.after(1), OperationListener.NONE)) {
                assertEquals(
                        List.of(SuspendOutcome.TIMED_OUT, SuspendOutcome.NOT_ASKED),
                        suspension.turns().stream().map(SuspendTurn::outcome).toList());
            }
        }
    }

    @Test
    void shouldNotWaitForWhoIsStopped() throws Exception {
        try (Victim victim = start("complete", 1)) {
            victim.signal(Signals.SIGSTOP);
            Victim.await(() -> {
                try (io.baton.task.linux.ProcFs proc = new io.baton.task.linux.ProcFs()) {
                    return proc.stat(victim.pid()).state() == 'T';
                }
            });
            try (Suspension suspension = ask(victim, LONG)) {
                assertEquals("it is stopped", suspension.turns().get(0).reason());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "small, NOT_ASKED, its page is too small",
        "unsealed, NOT_ASKED, its page is not sealed",
        "writesealed, NOT_ASKED, its page cannot be opened: Operation not permitted",
        "kind, NOT_ASKED, its page is of another kind",
        "version, NOT_ASKED, 'its page has version 2, we know 1'",
        "readonly, TIMED_OUT, ''",
        "punch, TIMED_OUT, ''",
        "truncate, TIMED_OUT, ''",
        "many, TIMED_OUT, ''"
    })
    void shouldTakeNoHarmFromAPage(String mode, SuspendOutcome outcome, String reason) throws Exception {
        try (Victim victim = hostile(mode);
                Suspension suspension = ask(victim, BRIEF)) {
            SuspendTurn turn = suspension.turns().get(0);
            if (!mode.equals("punch")) { // what it was when we looked is chance
                assertEquals(outcome, turn.outcome(), turn::toString);
                assertEquals(reason, turn.reason());
            }
            assertTrue(victim.isAlive());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"stranger", "private"})
    void shouldNotTakeForRegisteredWhoIsNot(String mode) throws Exception {
        try (Victim victim = hostile(mode);
                Suspension suspension = ask(victim, BRIEF)) {
            assertEquals(List.of(), suspension.turns());
        }
    }

    /** All bytes change all the time; whatever is read from them, it ends with its turn. */
    @Test
    void shouldEndTheTurnOfAPageThatIsNeverTheSame() throws Exception {
        List<SuspendOutcome> outcomes = new ArrayList<>();
        try (Victim victim = hostile("flip")) {
            for (int round = 0; round < ROUNDS; round++) {
                try (Suspension suspension = ask(victim, BRIEF)) {
                    suspension.turns().forEach(turn -> outcomes.add(turn.outcome()));
                }
            }
            assertTrue(victim.isAlive());
        }
        System.out.println("turns of a page that changes all the time: " + outcomes);
    }
}
