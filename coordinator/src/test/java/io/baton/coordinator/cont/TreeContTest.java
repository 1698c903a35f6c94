package io.baton.coordinator.cont;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.TreeSnapshot;
import io.baton.coordinator.Victim;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.ptrace.TreeSeizer;
import io.baton.coordinator.restore.Restored;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.Signals;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stopped trees, with threads, nested sessions, zombies and a dead leader in them ({@code star family}). */
class TreeContTest {
    private static final long SECONDS = 60;
    private static final RestoreOptions STOPPED = new RestoreOptions(false, true, false, false);

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

    /** The processes that are stopped, and by what. */
    private static Map<Integer, Integer> stops(int root) {
        Map<Integer, Integer> stops = new TreeMap<>();
        try (SeizedTree tree = TreeSeizer.seize(root, Deadline.after(SECONDS))) {
            tree.processes().forEach(process -> stops.put(process.pid(), process.stopSignal()));
        }
        stops.values().removeIf(signal -> signal == 0);
        return stops;
    }

    private static void awaitStops(int root, Map<Integer, Integer> expected) throws Exception {
        Victim.await(() -> stops(root).equals(expected), () -> expected + " stopped, but it is " + stops(root));
    }

    private Path dump(int pid, Finish finish) {
        Path images = directory.resolve("images");
        TreeDump.run(new DumpRequest(pid, images, DumpOptions.DEFAULT, finish, Deadline.after(SECONDS)));
        if (finish == Finish.KILL) {
            TreeSnapshot.reap();
        }
        return images;
    }

    private static void restore(Path images, RestoreOptions options) {
        TreeRestore.run(images, options, TimeUnit.SECONDS.toNanos(SECONDS));
    }

    private static TreeCont.Outcome cont(int pid) {
        return TreeCont.run(pid, false, Deadline.after(SECONDS));
    }

    /** Who lives, in all sessions, the root first. */
    private static List<Integer> living(int root) {
        try (TreeSnapshot snapshot = new TreeSnapshot();
                ProcFs proc = new ProcFs()) {
            return snapshot.tree(root).stream()
                    .filter(pid ->
                            proc.threads(pid).length > 1 || !proc.stat(pid).isZombie())
                    .toList();
        }
    }

    /** Stops two below the root as a user would: a session's leader, and a member of the root's session by the terminal's signal. */
    private static Map<Integer, Integer> stopSome(Victim family) throws Exception {
        // They may still be on their way into session and group; and a signal to pid 0 would stop ourselves.
        Victim.await(() -> sessionLeader(family) != 0 && groupLeader(family) != 0);
        int session = sessionLeader(family);
        int group = groupLeader(family);
        Signals.kill(session, Signals.SIGSTOP);
        Signals.kill(group, Signals.SIGTSTP);
        Map<Integer, Integer> stops = new TreeMap<>(Map.of(session, Signals.SIGSTOP, group, Signals.SIGTSTP));
        awaitStops(family.pid(), stops);
        return stops;
    }

    /** Below the root; 0: none. */
    private static int sessionLeader(Victim family) {
        return first(family, (stat, pid) -> stat.session() == pid);
    }

    /** In the root's session; 0: none. */
    private static int groupLeader(Victim family) {
        return first(family, (stat, pid) -> stat.session() != pid && stat.processGroup() == pid);
    }

    private static int first(Victim family, BiPredicate<ProcStat, Integer> wanted) {
        try (ProcFs proc = new ProcFs()) {
            return living(family.pid()).stream()
                    .skip(1)
                    .filter(pid -> wanted.test(proc.stat(pid), pid))
                    .findFirst()
                    .orElse(0);
        }
    }

    private static Map<Integer, Integer> all(Collection<Integer> pids, Map<Integer, Integer> except) {
        Map<Integer, Integer> stops = new TreeMap<>();
        pids.forEach(pid -> stops.put(pid, Signals.SIGSTOP));
        stops.putAll(except);
        return stops;
    }

    @Test
    void shouldBringBackExactlyThoseStopped() throws Exception {
        try (Victim family = Victim.startTree(directory, "family", 0)) {
            Map<Integer, Integer> before = stopSome(family);
            restore(dump(family.pid(), Finish.KILL), RestoreOptions.DEFAULT);

            awaitStops(family.pid(), before);
        }
    }

    @Test
    void shouldContinueAfterADumpWhatHadRun() throws Exception {
        try (Victim family = Victim.startTree(directory, "family", 0)) {
            Map<Integer, Integer> before = stopSome(family);
            dump(family.pid(), Finish.LEAVE_STOPPED);
            awaitStops(family.pid(), all(living(family.pid()), before));
            TreeCont.Outcome outcome = cont(family.pid());

            assertEquals(before.keySet(), new java.util.TreeSet<>(outcome.stopped()));
            awaitStops(family.pid(), before);
        }
    }

    @Test
    void shouldContinueAfterARestoreWhatHadRun() throws Exception {
        try (Victim family = Victim.startTree(directory, "family", 0)) {
            Map<Integer, Integer> before = stopSome(family);
            restore(dump(family.pid(), Finish.KILL), STOPPED);
            awaitStops(family.pid(), all(living(family.pid()), before));
            cont(family.pid());

            awaitStops(family.pid(), before);
        }
    }

    @Test
    void shouldStillTellThemApartAfterAnotherDump() throws Exception {
        try (Victim family = Victim.startTree(directory, "family", 0)) {
            Map<Integer, Integer> before = stopSome(family);
            dump(family.pid(), Finish.LEAVE_STOPPED);
            restore(dump(family.pid(), Finish.KILL), RestoreOptions.DEFAULT);
            awaitStops(family.pid(), all(living(family.pid()), before));
            cont(family.pid());

            awaitStops(family.pid(), before);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"threads", "chain", "star", "leaderless", "zombies"})
    void shouldContinueEveryShape(String shape) throws Exception {
        try (Victim victim = Victim.startTree(directory, shape, 30)) {
            Path images = dump(victim.pid(), Finish.LEAVE_STOPPED);
            awaitStops(victim.pid(), all(living(victim.pid()), Map.of()));
            cont(victim.pid());
            awaitStops(victim.pid(), Map.of());
            dump(victim.pid(), Finish.KILL);
            restore(images, STOPPED);
            awaitStops(victim.pid(), all(living(victim.pid()), Map.of()));
            TreeCont.Outcome outcome = cont(victim.pid());

            awaitStops(victim.pid(), Map.of());
            assertEquals(living(victim.pid()).size(), outcome.continued().size());
        }
    }

    @Test
    void shouldTakeAStopOfTheUserForNoneOfOurs() throws Exception {
        try (Victim victim = Victim.startTree(directory, "star", 2)) {
            dump(victim.pid(), Finish.LEAVE_STOPPED);
            cont(victim.pid());
            awaitStops(victim.pid(), Map.of());
            victim.signal(Signals.SIGSTOP);
            awaitStops(victim.pid(), Map.of(victim.pid(), Signals.SIGSTOP));
            victim.signal(Signals.SIGSTOP); // once more: it stays pending, and is no mark
            BatonException refused = assertThrows(BatonException.class, () -> cont(victim.pid()));

            assertEquals(ErrorCode.NOT_STOPPED, refused.code());
            assertTrue(refused.message().contains("by others: [" + victim.pid() + "]"), refused.message());
            TreeCont.run(victim.pid(), true, Deadline.after(SECONDS));
            awaitStops(victim.pid(), Map.of());
        }
    }

    /** Right after it was left, a task may not have come to its stop. */
    @Test
    void shouldContinueWhoIsStillOnTheWayToItsStop() throws Exception {
        try (Victim victim = Victim.startTree(directory, "star", 20)) {
            for (int cycle = 0; cycle < 20; cycle++) {
                dump(victim.pid(), Finish.LEAVE_STOPPED);
                assertEquals(21, cont(victim.pid()).continued().size());
            }
            awaitStops(victim.pid(), Map.of());
        }
    }

    /** The root leads its session, so that its group is one in which SIGTSTP stops nobody. */
    @Test
    void shouldStopWhomItsSignalWouldNotStopAnyMore() throws Exception {
        try (Victim victim = Victim.startTree(directory, "star", 1)) {
            Path images = dump(victim.pid(), Finish.KILL);
            ImageDirectory image = ImageDirectory.openUnverified(images);
            CoreEntry.Builder core = image.one(ImageKind.CORE, victim.pid(), CoreEntry.class).toBuilder();
            core.getTcBuilder().setTaskState(3).setStopSigno(Signals.SIGTSTP);
            image.write(ImageKind.CORE, victim.pid(), core.build());
            Files.delete(images.resolve("baton.manifest"));
            restore(images, RestoreOptions.DEFAULT);

            awaitStops(victim.pid(), Map.of(victim.pid(), Signals.SIGSTOP));
        }
    }

    @Test
    void shouldContinueInAPidNamespace() throws Exception {
        Path images;
        try (Victim family = Victim.startTree(directory, "family", 0)) {
            images = dump(family.pid(), Finish.KILL);
        }
        RestoreOptions options = new RestoreOptions(false, true, false, true);
        Restored restored = TreeRestore.run(images, options, TimeUnit.SECONDS.toNanos(SECONDS));
        try {
            int living = living(restored.root()).size();
            assertEquals(living, cont(restored.root()).continued().size());
            awaitStops(restored.root(), Map.of());
        } finally {
            try (TreeSnapshot snapshot = new TreeSnapshot()) {
                snapshot.kill(restored.child());
            }
        }
    }

    @Test
    void shouldRefuseAWrongPid() throws Exception {
        try (Victim victim = Victim.startTree(directory, "chain", 2)) {
            BatonException running = assertThrows(BatonException.class, () -> cont(victim.pid()));
            assertEquals(ErrorCode.NOT_STOPPED, running.code());
            assertTrue(running.message().contains("nothing in this tree is stopped"), running.message());

            dump(victim.pid(), Finish.LEAVE_STOPPED);
            List<Integer> tree = living(victim.pid());
            awaitStops(victim.pid(), all(tree, Map.of()));
            BatonException part = assertThrows(BatonException.class, () -> cont(tree.get(2)));
            assertEquals(ErrorCode.NOT_STOPPED, part.code());
            assertEquals("baton cont " + victim.pid(), part.remedy());
            awaitStops(victim.pid(), all(tree, Map.of()));

            BatonException nobody = assertThrows(BatonException.class, () -> cont(Integer.MAX_VALUE));
            assertEquals(ErrorCode.NO_SUCH_PROCESS, nobody.code());
        }
    }
}
