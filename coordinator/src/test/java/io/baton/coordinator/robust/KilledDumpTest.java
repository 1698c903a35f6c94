package io.baton.coordinator.robust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.TreeSnapshot;
import io.baton.coordinator.Victim;
import io.baton.coordinator.Victim.Counts;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageException;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.WaitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A dump that is cut short, at any moment: the tree runs on as if nothing had been, and no image is taken for a good one. */
@Timeout(300)
class KilledDumpTest {
    private static final int ROUNDS = Integer.getInteger("baton.kills", 16);
    private static final long PATIENCE_MILLIS = 30_000;
    private static final int INTERRUPTED = 13;
    private static final int BY_SIGNAL = 128;

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
    void shouldLeaveTheTreeAsItWasWhenTheCoordinatorIsKilled() throws Exception {
        final Path file = folder.resolve("counts");
        try (Victim victim = Victim.startSteady(file, "-static")) {
            final Counts counts = new Counts(file);
            final long whole = duration(victim, folder.resolve("first"));
            for (int round = 0; round < ROUNDS; round++) {
                final List<String> before = maps(victim);
                final Path images = folder.resolve("images-" + round);
                final Coordinator dump = begun(victim, images);
                TimeUnit.NANOSECONDS.sleep(whole * round / ROUNDS);
                dump.signal(Signals.SIGKILL);
                dump.await(PATIENCE_MILLIS);
                expectUntouched(victim, counts);
                if (isOurMemoryLeft(victim, before)) {
                    ends.merge("runner left mapped", 1, Integer::sum);
                }
                ends.merge("image: " + image(images), 1, Integer::sum);
            }
            expectNoErrors(counts);
        }
        System.out.println("dumps whose coordinator was killed: " + ROUNDS + " " + ends);
    }

    @Test
    void shouldUndoWhenAskedToStop() throws Exception {
        final Path file = folder.resolve("counts");
        try (Victim victim = Victim.startSteady(file, "-static")) {
            final Counts counts = new Counts(file);
            final long whole = duration(victim, folder.resolve("first"));
            final List<String> before = maps(victim);
            for (int round = 0; round < ROUNDS; round++) {
                final int signal = round % 2 == 0 ? Signals.SIGINT : Signals.SIGTERM;
                final Path images = folder.resolve("images-" + round);
                final Coordinator dump = round == 1 ? dump(victim, images) : begun(victim, images);
                TimeUnit.NANOSECONDS.sleep(whole * round / ROUNDS);
                dump.signal(signal);
                final WaitStatus end = dump.await(PATIENCE_MILLIS);
                expectUntouched(victim, counts);
                assertEquals("", TreeSnapshot.difference(before, maps(victim)));
                final String left = image(images);
                final int status = end.isExited() ? end.exitCode() : -1;
                ends.merge((end.isExited() ? "status " + status : "signal") + ", image " + left, 1, Integer::sum);
                assertTrue(
                        status == 0 ? left.equals("whole") : left.equals("none") && isStopped(end, signal),
                        () -> end + ", " + left + ": " + dump.said());
                assertTrue(status != INTERRUPTED || dump.said().startsWith("baton: interrupted"), dump::said);
            }
            expectNoErrors(counts);
        }
        System.out.println("dumps asked to stop: " + ends);
    }

    /** Before the command has begun, the JVM ends as it likes. */
    private static boolean isStopped(final WaitStatus end, final int signal) {
        return end.isSignaled() || end.exitCode() == INTERRUPTED || end.exitCode() == BY_SIGNAL + signal;
    }

    private Coordinator dump(final Victim victim, final Path images) {
        return Coordinator.start(folder.resolve("said"), "dump", "-R", "-t", victim.pid(), "-D", images);
    }

    /** One that has just become the victim's tracer. */
    private Coordinator begun(final Victim victim, final Path images) {
        final Coordinator dump = dump(victim, images);
        dump.awaitBegun(() -> proc.status(victim.pid()).tracer() != 0);
        return dump;
    }

    /** How long a whole one takes (ns), from the moment when it is the tracer. */
    private long duration(final Victim victim, final Path images) throws Exception {
        dump(victim, images).await(PATIENCE_MILLIS);
        final Coordinator dump = begun(victim, images);
        final long start = System.nanoTime();
        final WaitStatus status = dump.await(PATIENCE_MILLIS);
        assertTrue(status.isExited() && status.exitCode() == 0, () -> status + ": " + dump.said());
        return System.nanoTime() - start;
    }

    private List<String> maps(final Victim victim) {
        return proc.maps(victim.pid()).stream().map(Object::toString).toList();
    }

    private void expectUntouched(final Victim victim, final Counts counts) throws Exception {
        counts.awaitProgress();
        for (final int tid : proc.threads(victim.pid())) {
            Victim.await(() -> proc.status(victim.pid(), tid).tracer() == 0);
            Victim.await(() -> "tT".indexOf(proc.stat(victim.pid(), tid).state()) < 0);
        }
    }

    /** A thread that finds its own way back cannot unmap the ground it stands on; it leaves that, and only that. */
    private boolean isOurMemoryLeft(final Victim victim, final List<String> before) {
        final String difference = TreeSnapshot.difference(before, maps(victim));
        assertTrue(
                difference.lines().allMatch(line -> line.startsWith("+ ") && line.contains("path=/dev/zero (deleted)")),
                difference);
        return !difference.isEmpty();
    }

    private static void expectNoErrors(final Counts counts) {
        assertEquals(0, counts.get(Counts.ERRORS), () -> Long.toHexString(counts.get(Counts.LAST_ERROR)));
    }

    /** What a restore would make of it: what passes for an image must be one. */
    private static String image(final Path images) throws IOException {
        if (!Files.exists(images)) {
            return "none";
        }
        final ImageDirectory image;
        try {
            image = ImageDirectory.open(images);
        } catch (final ImageException e) {
            return e.reason();
        }
        if (image.manifest().isEmpty()) {
            assertEquals(List.of(), image.list());
            return "empty";
        }
        image.verify(true);
        return "whole";
    }
}
