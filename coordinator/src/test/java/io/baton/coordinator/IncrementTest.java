package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.baton.coordinator.Writer.Command;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.PreDumpRequest;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.dump.TreePreDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.coordinator.tracking.Increment;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.TrackingRecord;
import io.baton.mktree.image.proto.DumpStatsEntry;
import io.baton.mktree.image.proto.StatsEntry;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.UserFaultFd;
import io.baton.task.linux.Wait;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Chains of dumps of a process that writes to its memory all the time. */
class IncrementTest {
    private static final long SECONDS = 60;
    private static final int PAGES = 2000;

    @TempDir
    Path directory;

    private int images;

    @BeforeAll
    static void needTheKernel() {
        Prctl.setChildSubreaper(true);
        assumeTrue(UserFaultFd.isSupported(), "needs Linux 6.7");
    }

    @AfterEach
    void leaveNothing() throws Exception {
        Victim.await(() -> {
            reap();
            return keepers() == 0;
        });
    }

    /** The dead alone: others of our children live on. */
    private static void reap() {
        try {
            while (!Wait.wait4(-1, Wait.WALL | Wait.WNOHANG).isNone()) {
                // The next one.
            }
        } catch (LinuxException e) {
            // No children are left.
        }
    }

    private static long keepers() {
        long self = ProcessHandle.current().pid();
        try (ProcFs proc = new ProcFs()) {
            return ProcessHandle.of(self)
                    .orElseThrow()
                    .children()
                    .filter(child -> child.isAlive()
                            && proc.readText((int) child.pid(), "cmdline").startsWith("baton-keeper"))
                    .count();
        }
    }

    private Path path(int number) {
        return directory.resolve(Integer.toString(number));
    }

    private static @Nullable Path previous(int number) {
        return number == 0 ? null : Path.of("..", Integer.toString(number));
    }

    /** Adds to the chain, after the image with that number; 0: as its first. */
    private DumpStatsEntry preDump(Writer writer, int after) throws IOException {
        TreePreDump.run(new PreDumpRequest(writer.pid(), path(++images), previous(after), Supervision.NONE));
        return statistics(images);
    }

    private DumpStatsEntry dump(Writer writer, int after, Finish finish, boolean track) throws Exception {
        DumpRequest request =
                new DumpRequest(writer.pid(), path(++images), DumpOptions.DEFAULT, finish, Deadline.after(SECONDS));
        TreeDump.run(request.withIncrement(new Increment(track, previous(after))));
        if (finish == Finish.KILL) {
            Victim.await(() -> {
                reap();
                return keepers() == 0 && !Signals.kill(writer.pid(), 0);
            });
        }
        return statistics(images);
    }

    private DumpStatsEntry statistics(int number) throws IOException {
        return ImageDirectory.open(path(number))
                .one(ImageKind.STATS_DUMP, 0, StatsEntry.class)
                .getDump();
    }

    private void restore() {
        TreeRestore.run(path(images), RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
    }

    private Writer start(long seed) throws Exception {
        return Writer.start(directory.resolve("control"), PAGES, seed);
    }

    @Test
    void shouldWriteOnlyWhatHasChangedAndRestoreAChainOfThree() throws Exception {
        try (Writer writer = start(1)) {
            writer.idle(0, true);
            DumpStatsEntry first = preDump(writer, 0);
            assertTrue(first.getPagesWritten() > PAGES, first.toString());
            DumpStatsEntry second = preDump(writer, 1);
            assertTrue(second.getPagesWritten() < 20, second.toString());
            assertTrue(second.getPagesSkippedParent() >= PAGES, second.toString());
            assertEquals(second.getPagesScanned(), second.getPagesSkippedParent() + second.getPagesWritten());
            writer.tell(0, Command.KERNEL);
            Map<String, byte[]> before = Writer.memory(writer.pid());

            DumpStatsEntry third = dump(writer, 2, Finish.KILL, false);
            assertTrue(third.getPagesWritten() < 60, third.toString());
            assertTrue(third.getFrozenTime() > 0 && third.getFreezingTime() > 0 && third.getMemdumpTime() > 0);
            assertTrue(Files.size(path(3).resolve("pages-1.img")) <= third.getPagesWritten() * Writer.PAGE);
            assertEquals(Path.of("../2"), Files.readSymbolicLink(path(3).resolve("parent")));
            ImageDirectory.open(path(3)).verify(true);

            restore();
            Writer.assertSame(before, writer.pid());
            writer.check(0);
            writer.idle(0, false);
            writer.awaitWrites(0, 1000);
            writer.check(0);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Command.class,
            names = {"CHECK"},
            mode = EnumSource.Mode.EXCLUDE)
    void shouldKnowWhatChangesMemoryBesidesWrites(Command command) throws Exception {
        try (Writer writer = start(2)) {
            preDump(writer, 0);
            writer.tell(0, command);
            writer.awaitWrites(0, 20);
            preDump(writer, 1);
            writer.tell(0, command == Command.FORK ? Command.MOVE : command);
            int processes = command == Command.FORK ? 2 : 1;
            for (int process = 0; process < processes; process++) {
                writer.awaitWrites(process, 20);
                writer.idle(process, true);
            }
            Map<String, byte[]> before = Writer.memory(writer.pid());
            dump(writer, 2, Finish.KILL, false);
            restore();
            Writer.assertSame(before, writer.pid());
            for (int process = 0; process < processes; process++) {
                writer.check(process);
                writer.idle(process, false);
                writer.awaitWrites(process, 1000);
                writer.check(process);
            }
        }
    }

    /** Nobody may look at the pages before the dump: a look brings them back. */
    @Test
    void shouldNotTakeThrownAwayPagesOfAFileFromTheParent() throws Exception {
        try (Writer writer = start(9)) {
            writer.idle(0, true);
            preDump(writer, 0);
            for (int i = 0; i < 12; i++) {
                writer.tell(0, Command.DISCARD);
            }
            dump(writer, 1, Finish.KILL, false);
            restore();
            writer.check(0);
        }
    }

    /** Random work, random times, random kinds of dumps. */
    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17, 18})
    void shouldBringBackExactlyWhatWasThere(long seed) throws Exception {
        Random random = new Random(seed);
        Command[] commands = Command.values();
        boolean forked = false;
        try (Writer writer = start(seed)) {
            int rounds = 2 + random.nextInt(4);
            for (int round = 0; round < rounds; round++) {
                int after = round == 0 || random.nextInt(8) == 0 ? 0 : images;
                if (random.nextInt(3) > 0) {
                    preDump(writer, after);
                } else {
                    dump(writer, after, Finish.LEAVE_RUNNING, true);
                }
                for (int i = random.nextInt(4); i > 0; i--) {
                    Command command = commands[random.nextInt(commands.length)];
                    boolean again = command == Command.FORK && forked;
                    forked |= command == Command.FORK;
                    writer.tell(0, again || (forked && command == Command.EXEC) ? Command.GROW : command);
                    writer.awaitWrites(0, random.nextInt(100));
                }
            }
            writer.idle(0, true);
            if (forked) {
                writer.idle(1, true);
            }
            Map<String, byte[]> before = Writer.memory(writer.pid());
            dump(writer, images, Finish.KILL, false);
            restore();
            Writer.assertSame(before, writer.pid());
            writer.check(0);
            if (forked) {
                writer.check(1);
            }
        }
    }

    @Test
    void shouldWriteEverythingAfterALinkOfTheChainWasLeftOut() throws Exception {
        try (Writer writer = start(3)) {
            writer.idle(0, true);
            preDump(writer, 0);
            writer.tell(0, Command.KERNEL);
            preDump(writer, 1);
            Map<String, byte[]> before = Writer.memory(writer.pid());
            // What was written before the second is not known to the watch any more, and not in the first.
            DumpStatsEntry last = dump(writer, 1, Finish.KILL, false);
            assertEquals(0, last.getPagesSkippedParent());
            restore();
            Writer.assertSame(before, writer.pid());
        }
    }

    @Test
    void shouldBeginAnotherChain() throws Exception {
        try (Writer writer = start(4)) {
            writer.idle(0, true);
            preDump(writer, 0);
            assertEquals(0, preDump(writer, 0).getPagesSkippedParent());
            assertTrue(preDump(writer, 2).getPagesSkippedParent() >= PAGES);
            assertEquals(1, keepers());
        }
    }

    @Test
    void shouldWriteEverythingWhenTheKeeperHasDied() throws Exception {
        try (Writer writer = start(5)) {
            writer.idle(0, true);
            preDump(writer, 0);
            TrackingRecord record =
                    TrackingRecord.read(ImageDirectory.open(path(1))).orElseThrow();
            Signals.kill(record.keeper(), Signals.SIGKILL);
            Victim.await(() -> {
                reap();
                return keepers() == 0;
            });
            assertEquals(0, preDump(writer, 1).getPagesSkippedParent());
            Map<String, byte[]> before = Writer.memory(writer.pid());
            dump(writer, 2, Finish.KILL, false);
            restore();
            Writer.assertSame(before, writer.pid());
        }
    }

    @Test
    void shouldLeaveNoTraceInTheProcess() throws Exception {
        try (Writer writer = start(6);
                ProcFs proc = new ProcFs()) {
            int[] descriptors = proc.descriptors(writer.pid());
            preDump(writer, 0);
            assertEquals(descriptors.length, proc.descriptors(writer.pid()).length);
            assertTrue(watched(proc, writer.pid()));
            dump(writer, 1, Finish.LEAVE_RUNNING, false);
            assertFalse(watched(proc, writer.pid()));
            assertEquals(0, keepers());
            writer.check(0);
        }
    }

    @Test
    void shouldDumpOnItsOwnWhatIsWatched() throws Exception {
        try (Writer writer = start(7)) {
            preDump(writer, 0);
            writer.idle(0, true);
            Map<String, byte[]> before = Writer.memory(writer.pid());
            assertEquals(0, dump(writer, 0, Finish.KILL, false).getPagesSkippedParent());
            restore();
            Writer.assertSame(before, writer.pid());
        }
    }

    private static boolean watched(ProcFs proc, int pid) {
        return proc.smaps(pid).stream().anyMatch(map -> map.has("uw"));
    }

    @Test
    void shouldAskAConfinedTask() throws Exception {
        Path report = directory.resolve("report");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        try (Victim victim = Victim.start("state", report, "ts")) {
            Victim.await(() -> Files.exists(directory.resolve("report.before")));
            TreePreDump.run(new PreDumpRequest(victim.pid(), path(1), null, Supervision.NONE));
            assertTrue(victim.isAlive());
            assertTrue(statistics(1).getPagesWritten() > 0);
            TreePreDump.run(new PreDumpRequest(victim.pid(), path(2), Path.of("../1"), Supervision.NONE));
            assertTrue(statistics(2).getPagesSkippedParent() > 0);
            assertTrue(victim.isAlive());
        }
    }

    @Test
    void shouldRefuseWhatCannotBeBuiltOn() throws Exception {
        try (Writer writer = start(8)) {
            preDump(writer, 0);
            for (String previous : List.of("../none", "../1/../2", ".")) {
                BatonException refused = assertThrows(
                        BatonException.class,
                        () -> TreePreDump.run(
                                new PreDumpRequest(writer.pid(), path(2), Path.of(previous), Supervision.NONE)));
                assertEquals(ErrorCode.BAD_IMAGE, refused.code(), refused.message());
                assertFalse(Files.exists(path(2)));
            }
            BatonException circle = assertThrows(
                    BatonException.class,
                    () -> TreePreDump.run(
                            new PreDumpRequest(writer.pid(), path(1), Path.of("../1"), Supervision.NONE)));
            assertEquals(ErrorCode.BAD_IMAGE, circle.code());
            assertTrue(ImageDirectory.open(path(1)).manifest().isPresent());
            images = 1;
            assertTrue(preDump(writer, 1).getPagesSkippedParent() > 0);
            BatonException noTree = assertThrows(BatonException.class, this::restore);
            assertEquals(ErrorCode.BAD_IMAGE, noTree.code());
        }
    }
}
