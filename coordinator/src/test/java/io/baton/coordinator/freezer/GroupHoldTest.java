package io.baton.coordinator.freezer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.ExtendedAttribute;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GroupHoldTest {
    @TempDir
    Path directory = Path.of("");

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldFreezeAndPutBackAsItWas(int version) throws Exception {
        try (Victim victim = Victim.startTree(directory, "family", 0);
                TestGroup test = TestGroup.make(version).add(victim.pid())) {
            FreezerGroup group = test.group();
            try (GroupHold hold = GroupHold.of(group)) {
                assertEquals(FreezerState.THAWED, group.state());
                hold.freeze(() -> {});
                assertEquals(FreezerState.FROZEN, group.state());
            }
            assertEquals(FreezerState.THAWED, group.state());
            test.freeze();
            try (GroupHold hold = GroupHold.of(group)) {
                hold.thaw();
                assertEquals(FreezerState.THAWED, group.state());
            }
            Victim.await(() -> group.state() == FreezerState.FROZEN);
            expectNoMark(group);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldNameEveryOffender(int version) throws Exception {
        try (Victim victim = Victim.startTree(directory, "family", 0);
                TestGroup test = TestGroup.make(version);
                ProcFs proc = new ProcFs()) {
            test.add(victim.pid());
            int[] children = proc.children(victim.pid(), victim.pid());
            test.freeze();

            FreezerRules rules = FreezerRules.check(victim.pid(), test.group(), 0);
            String text = rules.refusals().all().toString();
            for (int child : children) {
                boolean zombie = proc.stat(child).isZombie() && proc.threads(child).length == 1;
                assertEquals(!zombie, text.contains("pid " + child + ": "), () -> child + ": " + text);
            }
            assertFalse(text.contains("pid " + victim.pid() + ": "), text);
            assertEquals(6, rules.processes().size());
            int others = rules.refusals().all().size();
            rules = FreezerRules.check(victim.pid(), test.group(), children[0]);
            assertTrue(rules.refusals().all().size() < others);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,true", "1,false", "2,true", "2,false"})
    void shouldNoticeWhatOthersDo(int version, boolean theirs) throws Exception {
        try (Victim victim = Victim.startTree(directory, "star", 2);
                TestGroup test = TestGroup.make(version).add(victim.pid()).freeze()) {
            FreezerGroup group = test.group();
            try (GroupHold hold = GroupHold.of(group)) {
                hold.thaw();
                hold.check();
                Files.writeString(group.stateFile(), group.text(theirs));
                BatonException e = assertThrows(BatonException.class, hold::check);
                assertEquals(ErrorCode.FREEZER, e.code());
                assertTrue(e.message().contains(test.path().toString()), e.message());
            }
            assertEquals(theirs, group.isAsked(), "the last word is theirs");
        }
    }

    @ParameterizedTest
    @CsvSource({"1,true", "1,false", "2,true", "2,false"})
    void shouldBePutBackWhenItsThreadDies(int version, boolean before) throws Exception {
        try (Victim victim = Victim.startTree(directory, "star", 2);
                TestGroup test = TestGroup.make(version).add(victim.pid())) {
            FreezerGroup group = test.group();
            group.ask(before);
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread dying = new Thread(() -> GroupHold.of(group).ask(!before));
            dying.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
            dying.start();
            dying.join();
            assertNull(failure.get());
            Victim.await(() -> group.isAsked() == before);
            Victim.await(() -> mark(group) == null);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldServeOneAtATime(int version) throws Exception {
        try (TestGroup test = TestGroup.make(version);
                GroupHold first = GroupHold.of(test.group())) {
            assertFalse(first.wasFrozen());
            BatonException e = assertThrows(BatonException.class, () -> GroupHold.of(test.group()));
            assertEquals(ErrorCode.FREEZER, e.code());
            assertTrue(e.message().contains("another operation"), e.message());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldRefuseWhatIsNoGroupOfItsOwn(int version) throws Exception {
        try (TestGroup test = TestGroup.make(version);
                TestGroup below = test.below("below")) {
            test.freeze();
            assertEquals(ErrorCode.FREEZER, code(() -> GroupHold.of(below.group())));
            assertEquals(
                    ErrorCode.FREEZER, code(() -> FreezerGroup.open(test.path().resolve(".."))));
            assertEquals(ErrorCode.FREEZER, code(() -> FreezerGroup.open(Path.of("/nowhere"))));
            assertEquals(ErrorCode.FREEZER, code(() -> FreezerGroup.open(directory)));
            test.group().ask(false);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldNameWhoDoesNotFreeze(int version) throws Exception {
        Path file = directory.resolve("stuck");
        try (Victim victim = Victim.start("stuck-static", file);
                Victim sleeper = Victim.startTree(directory, "star", 2);
                ProcFs proc = new ProcFs();
                TestGroup test = TestGroup.make(version).add(sleeper.pid())) {
            Victim.await(() -> Files.exists(file) && Files.size(file) > 0);
            int stuck = Integer.parseInt(Files.readString(file).strip());
            Victim.await(() -> proc.stat(stuck).state() == 'D');
            test.add(stuck);
            FreezerGroup group = test.group();
            long until = System.nanoTime() + 300_000_000;
            BatonException e = assertThrows(BatonException.class, () -> {
                try (GroupHold hold = GroupHold.of(group)) {
                    hold.freeze(() -> {
                        if (System.nanoTime() > until) {
                            throw new BatonException(ErrorCode.TIMEOUT, "it takes too long", "");
                        }
                    });
                }
            });
            assertEquals(ErrorCode.TIMEOUT, e.code());
            assertTrue(e.message().contains("because of pid " + stuck + " (stuck-static) in state D in "), e.message());
            assertFalse(e.message().contains("star"), e.message());
            assertFalse(group.isAsked());
            Signals.kill(victim.pid(), Signals.SIGKILL);
            Signals.kill(stuck, Signals.SIGKILL);
        }
    }

    /** Something that throws. */
    private interface Call {
        void run();
    }

    private static ErrorCode code(Call call) {
        return assertThrows(BatonException.class, call::run).code();
    }

    private static @Nullable GroupMark mark(FreezerGroup group) {
        try (Fd open = GroupMark.open(group)) {
            return GroupMark.read(open);
        }
    }

    private static void expectNoMark(FreezerGroup group) {
        try (Fd open = GroupMark.open(group)) {
            assertNull(ExtendedAttribute.get(open, GroupMark.NAME));
        }
    }
}
