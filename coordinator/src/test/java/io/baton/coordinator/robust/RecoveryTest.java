package io.baton.coordinator.robust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.journal.OperationJournal;
import io.baton.coordinator.journal.StateDirectory;
import io.baton.coordinator.recover.Recovery;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.launch.BareTree;
import io.baton.mktree.launch.FreePids;
import io.baton.mktree.plan.PlanOptions;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import io.baton.mktree.tree.TreeShape;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.Signals;
import io.baton.task.linux.VanishedException;
import io.baton.task.linux.WaitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is left of commands that were killed by SIGKILL goes, what is not theirs stays, and the next try succeeds. */
@Timeout(300)
class RecoveryTest {
    private static final int ROUNDS = Integer.getInteger("baton.kills", 16);
    private static final long PATIENCE_MILLIS = 30_000;
    private static final long TIMEOUT = TimeUnit.SECONDS.toNanos(20);
    private static final int TASKS = 6;

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

    @Test
    void shouldRemoveUnfinishedImagesAndNothingElse() throws Exception {
        final Path kept = Files.createDirectory(folder.resolve("kept"));
        final Path note = Files.writeString(kept.resolve("notes.txt"), "mine");
        try (Victim victim = Victim.startTree(folder, "family", 0)) {
            final Path images = folder.resolve("images");
            final long whole = duration(command("dump", "-R", "-t", victim.pid(), "-D", images));
            for (int round = 0; round < ROUNDS; round++) {
                final Path to = round % 2 == 0 ? kept : folder.resolve("images-" + round);
                final Coordinator dump = command("dump", "-R", "-t", victim.pid(), "-D", to);
                kill(dump, whole * (round + 1) / ROUNDS);
                final boolean unfinished = isUnfinished(to);
                recover();
                assertFalse(isUnfinished(to), "round " + round);
                assertTrue(!unfinished || to.equals(kept) || !Files.exists(to), "round " + round);
                ends.merge(unfinished ? "removed" : "nothing to remove", 1, Integer::sum);
                assertTrue(
                        lives(victim.pid()), "round " + round + " of " + ROUNDS + " at " + (round + 1) * 100 / ROUNDS);
            }
            assertEquals("mine", Files.readString(note));
            ImageDirectory.open(images).verify(true);
            duration(command("dump", "-R", "-t", victim.pid(), "-D", kept));
        }
        System.out.println("killed dumps recovered: " + ends);
    }

    @Test
    void shouldLeaveNothingOfKilledRestores() throws Exception {
        final Path images = folder.resolve("images");
        try (Victim victim = Victim.startTree(folder, "family", 0)) {
            duration(command("dump", "-t", victim.pid(), "-D", images));
        }
        Descendants.end();
        final long whole = duration(command("restore", "-d", "-D", images));
        Descendants.end();
        for (int round = 0; round < ROUNDS; round++) {
            kill(command("restore", "-d", "-D", images), whole * (round + 1) / ROUNDS);
            final boolean ended = newest().read().hasEnded();
            final List<String> done = recover();
            assertTrue(ended || !done.isEmpty(), "round " + round);
            ends.merge(
                    ended ? "had ended" : String.join("; ", done).replaceAll("[0-9]+(, [0-9]+)*", "N"),
                    1,
                    Integer::sum);
            assertNull(Recovery.of(newest()), "once is enough");
            Descendants.end();
        }
        System.out.println("killed restores recovered: " + ends);
        duration(command("restore", "-d", "-D", images));
    }

    @Test
    void shouldKillOnlyTasksThatAreRecordedAndMapTheSegment() throws Exception {
        final ProcessTree tree = FreePids.place(first -> TreeShape.star(TASKS, first));
        final PlanOptions options = PlanOptions.defaults().withFreePids(FreePids::isFree, FreePids.last());
        final Process stranger = new ProcessBuilder("sleep", "60").start();
        try (BareTree made = BareTree.make(tree, options, TIMEOUT)) {
            final ProcMap segment = proc.maps(made.rootPid()).stream()
                    .filter(map -> map.path().startsWith("/memfd:baton "))
                    .findFirst()
                    .orElseThrow();
            final List<Integer> tasks = new ArrayList<>();
            tree.forEach((Task task) -> tasks.add(task.pid()));
            final int first = tasks.get(1);
            final int second = tasks.get(2);
            doom(segment, first, second, (int) stranger.pid());

            final Recovery dry = Recovery.of(newest());
            assertNotNull(dry);
            assertTrue(dry.describe().contains("killed in stage RESTORE"), dry.describe());
            final List<String> wouldBe = dry.clear(true);
            assertEquals(
                    2,
                    wouldBe.stream()
                            .filter(line -> line.startsWith("would kill"))
                            .count(),
                    wouldBe::toString);
            assertTrue(lives(first));

            recover();
            assertFalse(lives(first));
            assertFalse(lives(second));
            for (final int other : tasks.subList(3, TASKS)) {
                assertTrue(lives(other), "not recorded: pid " + other);
            }
            assertTrue(stranger.isAlive(), "recorded, but does not map the segment");
        } finally {
            stranger.destroyForcibly().waitFor();
        }
    }

    private void doom(final ProcMap segment, final int... pids) throws Exception {
        final List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                "-Djna.boot.library.path=" + System.getProperty("jna.boot.library.path", ""),
                "-Djna.nounpack=true",
                "-cp",
                System.getProperty("java.class.path"),
                DoomedRestore.class.getName(),
                journals().path().toString(),
                Long.toString(segment.device()),
                Long.toString(segment.inode())));
        for (final int pid : pids) {
            command.add(Integer.toString(pid));
        }
        final Process writer = new ProcessBuilder(command).inheritIO().start();
        Victim.await(
                () -> !journals().list().isEmpty() && newest().glance().doing().contains("RESTORE"));
        assertNull(Recovery.of(newest()), "under way");
        writer.destroyForcibly().waitFor();
    }

    private StateDirectory journals() {
        return StateDirectory.at(folder.resolve("operations"));
    }

    private OperationJournal newest() {
        return journals().list().get(0);
    }

    private List<String> recover() throws IOException {
        final List<String> done = new ArrayList<>();
        for (final OperationJournal operation : journals().list()) {
            final Recovery recovery = Recovery.of(operation);
            if (recovery != null) {
                done.addAll(recovery.clear(false));
                assertTrue(recovery.isComplete(), done::toString);
            }
        }
        return done;
    }

    private Coordinator command(final Object... arguments) {
        final List<Object> all = new ArrayList<>(List.of(arguments));
        all.add("--journal-dir");
        all.add(journals().path());
        return Coordinator.start(folder.resolve("said"), all.toArray());
    }

    /** From the moment when its journal begins. */
    private void kill(final Coordinator command, final long afterNanos) throws Exception {
        final int before = journals().list().size();
        command.awaitBegun(() -> journals().list().size() > before && isOpened(newest()));
        TimeUnit.NANOSECONDS.sleep(afterNanos);
        command.signal(Signals.SIGKILL);
        command.await(PATIENCE_MILLIS);
    }

    private static boolean isOpened(final OperationJournal journal) {
        try {
            return journal.glance().coordinator() != null;
        } catch (final IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** How long one takes (ns) that ends well, from the moment when its journal begins. */
    private long duration(final Coordinator command) {
        final int before = journals().list().size();
        command.awaitBegun(() -> journals().list().size() > before && isOpened(newest()));
        final long start = System.nanoTime();
        final WaitStatus status = command.await(PATIENCE_MILLIS);
        assertTrue(status.isExited() && status.exitCode() == 0, () -> status + ": " + command.said());
        return System.nanoTime() - start;
    }

    private static boolean isUnfinished(final Path images) throws IOException {
        return io.baton.mktree.image.Unfinished.read(images) != null;
    }

    private boolean lives(final int pid) {
        try {
            return !proc.stat(pid).isZombie();
        } catch (final VanishedException e) {
            return false;
        }
    }
}
