package io.baton.coordinator.robust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.freezer.FreezerState;
import io.baton.coordinator.freezer.TestGroup;
import io.baton.coordinator.restore.RestoreRequest;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.state.cgroups.GroupOptions;
import io.baton.coordinator.state.cgroups.ManageGroups;
import io.baton.coordinator.supervision.Supervision;
import io.baton.coordinator.supervision.TimeLimits;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Wait;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dumps and restores, one after the other, of a tree that spins, forks, sleeps and takes page faults, by its freezer. */
@Timeout(1800)
class FrozenCyclesTest {
    private static final int CYCLES = Integer.getInteger("baton.freezes", 20);
    private static final int THREADS = 5;
    private static final Supervision LIMITED = Supervision.NONE.withLimits(TimeLimits.ofSeconds(30, 0));

    @TempDir
    Path folder = Path.of("");

    private final ProcFs proc = new ProcFs();
    private int lost;
    private int leftFrozen;
    private int ranWhileFrozen;

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
    @ValueSource(ints = {1, 2})
    void shouldLoseNobodyAndLeaveNobodyFrozen(int version) throws Exception {
        long started = System.nanoTime();
        try (Load load = Load.start(folder.resolve("counts"));
                TestGroup group =
                        TestGroup.make(version).addForking(load.victim().pid())) {
            for (int cycle = 0; cycle < CYCLES; cycle++) {
                cycle(load, group, cycle % 2 == 0);
            }
            assertEquals(0, load.errors());
            Descendants.end();
        }
        System.out.println("v" + version + " freezer, " + CYCLES + " dump/restore cycles under load in "
                + (System.nanoTime() - started) / 1_000_000 + " ms: " + lost + " lost tasks, " + leftFrozen
                + " left frozen, " + ranWhileFrozen + " ran while frozen");
        assertEquals(List.of(0, 0, 0), List.of(lost, leftFrozen, ranWhileFrozen));
    }

    /** Frozen all the way from before the dump to after the restore, or frozen by the dump alone. */
    private void cycle(Load load, TestGroup group, boolean frozen) throws Exception {
        int pid = load.victim().pid();
        Path images = folder.resolve("images");
        if (frozen) {
            group.freeze();
        }
        List<Long> before = load.counts();
        TreeDump.run(new DumpRequest(pid, images, DumpOptions.DEFAULT, Finish.KILL, LIMITED)
                .withFreezeCgroup(frozen ? null : group.path()));
        assertEquals(frozen, group.group().isAsked());
        Victim.await(FrozenCyclesTest::isAllReaped);
        group.group().ask(false);
        List<Long> dumped = load.counts();
        GroupOptions groups = new GroupOptions(ManageGroups.SOFT, Map.of(), group.path(), frozen);
        TreeRestore.run(new RestoreRequest(images, RestoreOptions.DEFAULT.with(groups), LIMITED));
        if (frozen) {
            assertEquals(FreezerState.FROZEN, group.group().state());
            ranWhileFrozen += before.equals(load.counts()) && dumped.equals(before) ? 0 : 1;
            group.group().ask(false);
        }
        load.awaitProgress();
        leftFrozen += group.group().state() == FreezerState.THAWED ? 0 : 1;
        lost += THREADS - proc.threads(pid).length;
        assertTrue(group.processes().contains(pid));
        remove(images);
    }

    /** The tree and what it has orphaned; their pids are needed again. */
    private static boolean isAllReaped() {
        while (!Descendants.isNone()) {
            if (Wait.wait4(-1, Wait.WNOHANG | Wait.WALL).isNone()) {
                return false;
            }
        }
        return true;
    }

    private static void remove(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
