package io.baton.coordinator.robust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.action.Action;
import io.baton.coordinator.action.ActionPoint;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.PreDumpRequest;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.dump.TreePreDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.freezer.FreezerState;
import io.baton.coordinator.freezer.TestGroup;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.coordinator.supervision.TimeLimits;
import io.baton.mktree.image.ImageDirectory;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Dumps of trees in freezer groups: nobody runs who stood still, and the group is afterwards as it was. */
@Timeout(120)
class FrozenDumpTest {
    private static final TimeLimits LIMITS = TimeLimits.ofSeconds(20, 0);

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

    private DumpRequest request(Victim victim, Finish finish, Action... actions) {
        Supervision supervision = Supervision.NONE.withLimits(LIMITS).withActions(List.of(actions));
        return new DumpRequest(victim.pid(), folder.resolve("images"), DumpOptions.DEFAULT, finish, supervision);
    }

    private Load startLoad() throws Exception {
        return Load.start(folder.resolve("counts"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldDumpAFrozenTreeWithoutLettingItRun(int version) throws Exception {
        try (Load load = startLoad();
                TestGroup test =
                        TestGroup.make(version).addForking(load.victim().pid()).freeze()) {
            List<Long> before = load.counts();
            TreeDump.run(request(load.victim(), Finish.LEAVE_RUNNING));

            assertEquals(FreezerState.FROZEN, test.group().state());
            assertEquals(before, load.counts(), "an instruction was run");
            ImageDirectory.open(folder.resolve("images")).verify(true);
            test.group().ask(false);
            load.awaitProgress();
            assertEquals(0, load.errors());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldPreDumpAFrozenTreeWithoutLettingItRun(int version) throws Exception {
        try (Load load = startLoad();
                TestGroup test =
                        TestGroup.make(version).addForking(load.victim().pid()).freeze()) {
            List<Long> before = load.counts();
            TreePreDump.run(new PreDumpRequest(
                    load.victim().pid(), folder.resolve("images"), null, Supervision.NONE.withLimits(LIMITS)));
            TreeDump.run(new DumpRequest(
                    load.victim().pid(),
                    folder.resolve("second"),
                    DumpOptions.DEFAULT,
                    Finish.LEAVE_RUNNING,
                    Supervision.NONE));

            assertEquals(FreezerState.FROZEN, test.group().state());
            assertEquals(before, load.counts(), "an instruction was run");
            test.group().ask(false);
            load.awaitProgress();
            assertEquals(0, load.errors());
        }
    }

    @ParameterizedTest
    @CsvSource({"1,LEAVE_RUNNING", "2,LEAVE_RUNNING", "1,LEAVE_STOPPED", "2,LEAVE_STOPPED", "1,KILL", "2,KILL"})
    void shouldFreezeTheGroupThatIsNamed(int version, Finish finish) throws Exception {
        try (Load load = startLoad();
                TestGroup test =
                        TestGroup.make(version).addForking(load.victim().pid())) {
            TreeDump.run(request(load.victim(), finish).withFreezeCgroup(test.path()));

            assertEquals(FreezerState.THAWED, test.group().state());
            switch (finish) {
                case LEAVE_RUNNING -> load.awaitProgress();
                case LEAVE_STOPPED ->
                    Victim.await(() -> proc.stat(load.victim().pid()).state() == 'T');
                case KILL -> assertFalse(load.victim().isAlive());
            }
            assertEquals(0, load.errors());
        }
    }

    @ParameterizedTest
    @CsvSource({"1,LEAVE_STOPPED", "2,LEAVE_STOPPED", "1,KILL", "2,KILL"})
    void shouldLeaveAFrozenGroupFrozen(int version, Finish finish) throws Exception {
        try (Load load = startLoad();
                TestGroup test =
                        TestGroup.make(version).addForking(load.victim().pid()).freeze()) {
            List<Long> before = load.counts();
            TreeDump.run(request(load.victim(), finish));

            assertTrue(test.group().isAsked());
            assertEquals(before, load.counts(), "an instruction was run");
            assertEquals(finish != Finish.KILL, load.victim().isAlive());
            if (finish == Finish.LEAVE_STOPPED) {
                test.group().ask(false);
                Victim.await(() -> proc.stat(load.victim().pid()).state() == 'T');
                assertEquals(before, load.counts(), "an instruction was run");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldKeepBystandersFrozen(int version) throws Exception {
        try (Load load = startLoad();
                Load bystander = Load.start(folder.resolve("others"));
                TestGroup test = TestGroup.make(version);
                TestGroup below = test.below("below")) {
            test.addForking(load.victim().pid());
            below.addForking(bystander.victim().pid());
            test.freeze();
            List<Long> before = bystander.counts();
            TreeDump.run(request(load.victim(), Finish.KILL));

            assertEquals(before, bystander.counts(), "an instruction was run");
            test.group().ask(false);
            bystander.awaitProgress();
            assertEquals(0, bystander.errors());
        }
    }

    @Test
    void shouldNotWaitForAPartThatStandsFrozen() throws Exception {
        try (Victim victim = Victim.startTree(folder, "star", 3);
                TestGroup test = TestGroup.make(1)) {
            int[] children = proc.children(victim.pid(), victim.pid());
            test.add(children[1]);
            test.freeze();
            BatonException e = refused(request(victim, Finish.KILL));
            assertEquals(ErrorCode.UNSUPPORTED, e.code());
            assertEquals(1, e.refusals().size());
            assertTrue(e.message().contains("process (star-static): is frozen in "), e.message());
            assertEquals(children[1], e.refusals().get(0).pid());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldNameEveryTaskOutsideOfTheGroup(int version) throws Exception {
        try (Victim victim = Victim.startTree(folder, "star", 3);
                TestGroup test = TestGroup.make(version);
                TestGroup other = TestGroup.make(version)) {
            test.add(victim.pid());
            int[] children = proc.children(victim.pid(), victim.pid());
            other.add(children[2]);
            BatonException e = refused(request(victim, Finish.KILL).withFreezeCgroup(test.path()));
            assertEquals(ErrorCode.UNSUPPORTED, e.code());
            assertEquals(3, e.refusals().size());
            assertTrue(
                    e.message().contains("process " + children[0] + " (star-static): is in freezer group /, not in"),
                    e.message());
            assertTrue(e.message().contains(other.group().name()), e.message());
            assertEquals(FreezerState.THAWED, test.group().state());
            assertEquals(FreezerState.THAWED, other.group().state());

            test.freeze(); // found by itself, and refused likewise
            assertEquals(3, refused(request(victim, Finish.KILL)).refusals().size());
            assertEquals(FreezerState.FROZEN, test.group().state());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1,true,NETWORK_LOCK",
        "1,false,NETWORK_LOCK",
        "2,true,NETWORK_LOCK",
        "2,false,NETWORK_LOCK",
    })
    void shouldRefuseWhenOthersChangeTheGroup(int version, boolean frozen, ActionPoint when) throws Exception {
        try (Load load = startLoad();
                TestGroup test =
                        TestGroup.make(version).addForking(load.victim().pid())) {
            if (!frozen) {
                test.freeze();
            }
            Action meddler = (point, context) -> {
                if (point == when) {
                    test.group().ask(frozen);
                }
            };
            BatonException e =
                    refused(request(load.victim(), Finish.KILL, meddler).withFreezeCgroup(test.path()));
            assertEquals(ErrorCode.FREEZER, e.code());
            assertEquals(frozen, test.group().isAsked(), "theirs is the last word");
            test.group().ask(false);
            load.awaitProgress();
            assertEquals(0, load.errors());
        }
    }

    private static BatonException refused(DumpRequest request) {
        BatonException e = assertThrows(BatonException.class, () -> TreeDump.run(request));
        assertFalse(Files.exists(request.images()), "an image is left");
        return e;
    }
}
