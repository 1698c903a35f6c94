package io.baton.coordinator.robust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.action.Action;
import io.baton.coordinator.action.ActionPoint;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.freezer.FreezerGroup;
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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tasks come back into their control groups, or into the freezer group that is named. */
@Timeout(120)
class RestoredGroupsTest {
    private static final Supervision LIMITED = Supervision.NONE.withLimits(TimeLimits.ofSeconds(20, 0));
    private static final Path PIDS = Path.of("/sys/fs/cgroup/pids");

    @TempDir
    Path folder = Path.of("");

    private final ProcFs proc = new ProcFs();

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @AfterEach
    void endAll() {
        Descendants.end();
        proc.close();
    }

    private Path images() {
        return folder.resolve("images");
    }

    private void dump(int pid) {
        TreeDump.run(new DumpRequest(pid, images(), DumpOptions.DEFAULT, Finish.KILL, LIMITED));
        Descendants.end();
    }

    private void restore(GroupOptions groups, Action... actions) {
        TreeRestore.run(new RestoreRequest(
                images(), RestoreOptions.DEFAULT.with(groups), LIMITED.withActions(List.of(actions))));
    }

    private static GroupOptions mode(ManageGroups mode) {
        return new GroupOptions(mode, Map.of(), null, false);
    }

    private static GroupOptions into(Path freezer, boolean frozen) {
        return new GroupOptions(ManageGroups.SOFT, Map.of(), freezer, frozen);
    }

    /** Of every thread. */
    private Map<Integer, String> groups(int root) {
        Map<Integer, String> found = new TreeMap<>();
        add(root, found);
        return found;
    }

    private void add(int pid, Map<Integer, String> found) {
        for (int tid : proc.threads(pid)) {
            if (!proc.stat(pid, tid).isZombie()) {
                found.put(tid, proc.readText(pid, "task/" + tid + "/cgroup"));
            }
            for (int child : proc.children(pid, tid)) {
                add(child, found);
            }
        }
    }

    /** Three groups, two processes in different ones, one thread apart from the rest of its process. */
    private int startScattered(TestGroup v1, TestGroup below, TestGroup v2, Path pids) throws Exception {
        Victim victim = Victim.startTree(folder, "family", 0);
        int[] children = proc.children(victim.pid(), victim.pid());
        v1.add(victim.pid());
        v2.add(children[1]);
        Files.writeString(pids.resolve("cgroup.procs"), Integer.toString(children[1]));
        Files.writeString(pids.resolve("pids.max"), "77");
        int[] threads = proc.threads(children[1]);
        Files.writeString(below.path().resolve("tasks"), Integer.toString(threads[1]));
        return victim.pid();
    }

    private static Path pidsGroup() throws IOException {
        assumeTrue(Files.isWritable(PIDS.resolve("tasks")), "no v1 pids hierarchy");
        return Files.createDirectory(
                PIDS.resolve("baton-test-" + ProcessHandle.current().pid() + "-" + System.nanoTime()));
    }

    @ParameterizedTest
    @EnumSource(ManageGroups.class)
    void shouldPutEveryThreadBackIntoItsGroups(ManageGroups mode) throws Exception {
        Path pids = pidsGroup();
        try (TestGroup v1 = TestGroup.make(1);
                TestGroup below = v1.below("below");
                TestGroup v2 = TestGroup.make(2)) {
            int root = startScattered(v1, below, v2, pids);
            Map<Integer, String> before = groups(root);
            dump(root);
            boolean remade = mode == ManageGroups.SOFT || mode == ManageGroups.STRICT;
            if (remade) {
                below.remove();
                v1.remove();
                v2.remove();
                assertTrue(pids.toFile().delete());
            } else {
                Files.writeString(pids.resolve("pids.max"), "88");
            }
            restore(mode(mode));

            if (mode == ManageGroups.IGNORE) {
                String own = proc.readText((int) ProcessHandle.current().pid(), "cgroup");
                groups(root).forEach((tid, group) -> assertEquals(own, group));
            } else {
                assertEquals(before, groups(root));
            }
            boolean set = remade || mode == ManageGroups.PROPS || mode == ManageGroups.FULL;
            assertEquals(
                    set ? "77" : "88",
                    Files.readString(pids.resolve("pids.max")).strip());
            Descendants.end();
        } finally {
            Victim.await(() -> !Files.exists(pids) || pids.toFile().delete());
        }
    }

    @Test
    void shouldRefuseGroupsThatAreOrAreNotThere() throws Exception {
        try (TestGroup group = TestGroup.make(1)) {
            Victim victim = Victim.startTree(folder, "star", 2);
            for (int child : proc.children(victim.pid(), victim.pid())) {
                group.add(child);
            }
            dump(victim.pid());
            assertEquals(1, refusals(mode(ManageGroups.STRICT)));
            group.remove();
            assertEquals(1, refusals(mode(ManageGroups.NONE)));
            assertEquals(1, refusals(mode(ManageGroups.PROPS)));
            assertFalse(Files.exists(group.path()));
            restore(mode(ManageGroups.SOFT));
            assertEquals(2, group.processes().size());
            Descendants.end();
        }
    }

    private int refusals(GroupOptions groups) {
        return assertThrows(BatonException.class, () -> restore(groups))
                .refusals()
                .size();
    }

    @Test
    void shouldReplaceTheRootsGroup() throws Exception {
        try (TestGroup group = TestGroup.make(1);
                TestGroup below = group.below("below");
                TestGroup other = TestGroup.make(1)) {
            Victim victim = Victim.startTree(folder, "star", 1);
            group.add(victim.pid());
            below.add(proc.children(victim.pid(), victim.pid())[0]);
            dump(victim.pid());
            String path = FreezerGroup.open(other.path()).name();
            restore(new GroupOptions(ManageGroups.SOFT, Map.of("freezer", path), null, false));
            assertEquals(List.of(victim.pid()), other.processes());
            assertEquals(List.of(), group.processes());
            Descendants.end();
            assertTrue(other.path().resolve("below").toFile().delete());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldJoinAFreezerGroupBeforeAnybodyRuns(int version) throws Exception {
        Path path = TestGroup.vacant(version);
        try (Load load = Load.start(folder.resolve("counts"))) {
            dump(load.victim().pid());
            List<Long> before = load.counts();
            restore(into(path, true));
            try (TestGroup group = TestGroup.at(path)) {
                assertEquals(FreezerState.FROZEN, group.group().state());
                assertTrue(group.processes().contains(load.victim().pid()));
                Thread.sleep(5);
                assertEquals(before, load.counts(), "an instruction was run");
                group.group().ask(false);
                load.awaitProgress();
                assertEquals(0, load.errors());
                Descendants.end();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldRemoveAGroupItHasMadeWhenItFails(int version) throws Exception {
        Path path = TestGroup.vacant(version);
        try (Victim victim = Victim.startTree(folder, "family", 0)) {
            dump(victim.pid());
        }
        Action spoiler = (point, context) -> {
            if (point == ActionPoint.PRE_RESUME) {
                assertTrue(Files.exists(path));
                throw new IOException("spoilt");
            }
        };
        assertThrows(BatonException.class, () -> restore(into(path, true), spoiler));
        assertFalse(Files.exists(path));
        assertTrue(Descendants.isNone());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldNotRestoreIntoAFrozenGroup(int version) throws Exception {
        try (Victim victim = Victim.startTree(folder, "family", 0);
                TestGroup group = TestGroup.make(version).freeze()) {
            dump(victim.pid());
            BatonException e = assertThrows(BatonException.class, () -> restore(into(group.path(), false)));
            assertEquals(ErrorCode.FREEZER, e.code());
            assertTrue(group.group().isAsked());
        }
    }
}
