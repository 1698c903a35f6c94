package io.baton.coordinator.robust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.freezer.FreezerState;
import io.baton.coordinator.freezer.TestGroup;
import io.baton.coordinator.journal.OperationJournal;
import io.baton.coordinator.journal.StateDirectory;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.recover.Recovery;
import io.baton.coordinator.state.DumpOptions;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Signals;
import io.baton.task.linux.WaitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A restore into a freezer group that is killed at any moment: the whole tree is in it, or nothing is left of either. */
@Timeout(300)
class KilledFrozenRestoreTest {
    private static final int ROUNDS = Integer.getInteger("baton.kills", 8);
    private static final long PATIENCE_MILLIS = 30_000;
    private static final int PROCESSES = 5;

    @TempDir
    Path folder = Path.of("");

    private final Map<String, Integer> ends = new TreeMap<>();

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @AfterEach
    void endAll() {
        Descendants.end();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldLeaveTheWholeTreeOrNothing(int version) throws Exception {
        Path images = folder.resolve("images");
        Path group = TestGroup.vacant(version);
        try (Victim victim = Victim.startTree(folder, "family", 0)) {
            TreeDump.run(new DumpRequest(
                    victim.pid(), images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(PATIENCE_MILLIS / 1000)));
        }
        Descendants.end();
        long whole = duration(images, group);
        for (int round = 0; round < ROUNDS; round++) {
            Coordinator restore = begun(images, group);
            TimeUnit.NANOSECONDS.sleep(whole * round / ROUNDS);
            restore.signal(Signals.SIGKILL);
            WaitStatus end = restore.await(PATIENCE_MILLIS);
            boolean left = isWhole(group);
            ends.merge((end.isSignaled() ? "killed, " : "ended, ") + (left ? "whole" : "nothing"), 1, Integer::sum);
            recover();
            if (Files.exists(group)) {
                assertTrue(isWhole(group), restore::said);
            }
            clear(group);
        }
        System.out.println("killed restores into v" + version + " freezer groups: " + ends);
    }

    /** What has been killed may take its time to die, and to be thawed for it by the guard. */
    private boolean isWhole(Path group) throws Exception {
        if (!Files.exists(group)) {
            return false;
        }
        TestGroup test = TestGroup.at(group); // not to be removed here
        Victim.await(
                () -> {
                    int count = test.processes().size();
                    return count == 0 || (count == PROCESSES && test.group().state() == FreezerState.FROZEN);
                },
                () -> "all or nothing: " + test.group().processes() + " "
                        + test.group().state());
        return !test.processes().isEmpty();
    }

    private void clear(Path group) throws IOException {
        if (Files.exists(group)) {
            TestGroup.at(group).group().ask(false);
        }
        Descendants.end();
        if (Files.exists(group)) {
            TestGroup.at(group).remove();
        }
    }

    private Coordinator restore(Path images, Path group) {
        return Coordinator.start(
                folder.resolve("said"),
                "restore",
                "-d",
                "-D",
                images,
                "--freeze-cgroup",
                group,
                "--leave-frozen",
                "--journal-dir",
                folder.resolve("operations"));
    }

    private Coordinator begun(Path images, Path group) {
        Coordinator restore = restore(images, group);
        restore.awaitBegun(() -> Files.exists(group));
        return restore;
    }

    private long duration(Path images, Path group) throws IOException {
        Coordinator restore = begun(images, group);
        long start = System.nanoTime();
        WaitStatus status = restore.await(PATIENCE_MILLIS);
        assertEquals(0, status.isExited() ? status.exitCode() : -1, restore::said);
        long nanos = System.nanoTime() - start;
        clear(group);
        return nanos;
    }

    private void recover() throws IOException {
        for (OperationJournal operation :
                StateDirectory.at(folder.resolve("operations")).list()) {
            Recovery recovery = Recovery.of(operation);
            if (recovery != null) {
                recovery.clear(false);
            }
        }
    }
}
