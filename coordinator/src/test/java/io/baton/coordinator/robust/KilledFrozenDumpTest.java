package io.baton.coordinator.robust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.freezer.FreezerState;
import io.baton.coordinator.freezer.TestGroup;
import io.baton.coordinator.journal.OperationJournal;
import io.baton.coordinator.journal.StateDirectory;
import io.baton.coordinator.recover.Recovery;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.VanishedException;
import io.baton.task.linux.WaitStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A dump of a tree in a freezer group that is cut short, at any moment: the group is as it was, and so is the tree. */
@Timeout(300)
class KilledFrozenDumpTest {
    private static final int ROUNDS = Integer.getInteger("baton.kills", 8);
    private static final long PATIENCE_MILLIS = 30_000;
    private static final int INTERRUPTED = 13;

    @TempDir
    Path folder = Path.of("");

    private final ProcFs proc = new ProcFs();
    private final Map<String, Integer> ends = new TreeMap<>();

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @AfterEach
    void endAll() {
        Descendants.end();
        proc.close();
    }

    @ParameterizedTest
    @CsvSource({"1,true", "1,false", "2,true", "2,false"})
    void shouldLeaveTheGroupAsItWas(final int version, final boolean frozen) throws Exception {
        try (Load load = Load.start(folder.resolve("counts"));
                TestGroup test =
                        TestGroup.make(version).addForking(load.victim().pid())) {
            prepare(test, frozen);
            final long whole = duration(load, test);
            for (int round = 0; round < ROUNDS; round++) {
                final int signal = round % 4 == 3 ? Signals.SIGINT : Signals.SIGKILL;
                final List<Integer> guards = guards();
                final Coordinator dump = begun(load, test, folder.resolve("images-" + round));
                TimeUnit.NANOSECONDS.sleep(whole * round / ROUNDS);
                if (round % 4 == 1) {
                    // With its guard, or there would be nothing left to recover.
                    guards().stream().filter(pid -> !guards.contains(pid)).forEach(pid -> Signals.kill(pid, signal));
                }
                dump.signal(signal);
                final WaitStatus end = dump.await(PATIENCE_MILLIS);
                final boolean right = test.group().isAsked() == frozen;
                if (round % 4 == 1) {
                    recover();
                }
                Victim.await(() -> test.group().isAsked() == frozen, () -> "state as before, after " + dump.said());
                Victim.await(() -> guards().isEmpty(), () -> "guards " + guards());
                ends.merge(
                        (end.isSignaled() ? "killed" : "status " + end.exitCode()) + (right ? "" : ", put back"),
                        1,
                        Integer::sum);
                assertTrue(end.isSignaled() || end.exitCode() == 0 || end.exitCode() == INTERRUPTED, dump::said);
                expectAlive(load, test, frozen);
            }
            test.group().ask(false);
            load.awaitProgress();
            assertEquals(0, load.errors());
        }
        System.out.println("killed dumps of " + (frozen ? "frozen" : "named") + " v" + version + " groups: " + ends);
    }

    private static void prepare(final TestGroup test, final boolean frozen) throws Exception {
        if (frozen) {
            test.freeze();
        }
    }

    private void expectAlive(final Load load, final TestGroup test, final boolean frozen) throws Exception {
        final int pid = load.victim().pid();
        for (final int tid : proc.threads(pid)) {
            Victim.await(() -> proc.status(pid, tid).tracer() == 0);
        }
        if (frozen) {
            Victim.await(() -> test.group().state() == FreezerState.FROZEN);
            final List<Long> before = load.counts();
            Thread.sleep(5);
            assertEquals(before, load.counts(), "it runs");
        } else {
            load.awaitProgress();
        }
        assertEquals(0, load.errors());
    }

    private Coordinator dump(final Load load, final TestGroup test, final Path images) {
        return Coordinator.start(
                folder.resolve("said"),
                "dump",
                "-R",
                "-t",
                load.victim().pid(),
                "-D",
                images,
                "--journal-dir",
                folder.resolve("operations"),
                "--freeze-cgroup",
                test.path());
    }

    /** One whose guard runs. */
    private Coordinator begun(final Load load, final TestGroup test, final Path images) {
        final Coordinator dump = dump(load, test, images);
        dump.awaitBegun(() -> !guards().isEmpty());
        return dump;
    }

    private long duration(final Load load, final TestGroup test) {
        final Coordinator dump = begun(load, test, folder.resolve("whole"));
        final long start = System.nanoTime();
        final WaitStatus status = dump.await(PATIENCE_MILLIS);
        assertTrue(status.isExited() && status.exitCode() == 0, dump::said);
        return System.nanoTime() - start;
    }

    private void recover() throws IOException {
        for (final OperationJournal operation :
                StateDirectory.at(folder.resolve("operations")).list()) {
            final Recovery recovery = Recovery.of(operation);
            if (recovery != null) {
                recovery.clear(false);
                assertTrue(recovery.isComplete());
            }
        }
    }

    /** Guards of our descendants' groups. */
    private List<Integer> guards() {
        return Descendants.list().stream().filter(this::isGuard).toList();
    }

    private boolean isGuard(final int pid) {
        try {
            return proc.readText(pid, "cmdline").startsWith("baton-guard\0");
        } catch (final VanishedException e) {
            return false;
        }
    }
}
