package io.baton.coordinator.robust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.Order;
import io.baton.coordinator.restore.RestoreRequest;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.coordinator.supervision.TimeLimits;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Signals;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Restores whose helper or tasks are killed or stopped from outside, at any moment. */
@Timeout(300)
class HurtRestoreTest {
    private static final int ROUNDS = Integer.getInteger("baton.hurts", 200);
    private static final int SECONDS = 60;
    private static final long TIMEOUT = TimeUnit.SECONDS.toNanos(10);
    private static final long SHORT_TIMEOUT = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long UNDO_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final int MOST_AGAIN = 20;
    private static final long SEED = 7;

    @TempDir
    Path folder = Path.of("");

    private final Map<String, Integer> ends = new TreeMap<>();
    private final Random random = new Random(SEED);

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @AfterEach
    void endAll() {
        Descendants.end();
    }

    @Test
    void shouldUndoWhenATaskIsKilled() throws Exception {
        shouldUndoWhenATaskIsKilled(dump("family", 0), ROUNDS);
    }

    /** With so many tasks the gate has several lanes. */
    @Test
    void shouldUndoWhenOneOfManyTasksIsKilled() throws Exception {
        shouldUndoWhenATaskIsKilled(dump("star", 300), ROUNDS / 8);
    }

    private void shouldUndoWhenATaskIsKilled(final Path images, final int rounds) throws Exception {
        final long whole = duration(images);
        for (int round = 0; round < rounds; round++) {
            final long delay = (long) (whole * 1.5 * random.nextDouble());
            final Assailant assailant = new Assailant(Signals.SIGKILL, delay, random.nextDouble());
            try {
                assailant.start();
                TreeRestore.run(request(images).with(round % 2 == 0 ? Order.SAVED : Order.PARALLEL));
                ends.merge("restored", 1, Integer::sum);
                assailant.join();
            } catch (final BatonException e) {
                assailant.join();
                ends.merge(e.code().name(), 1, Integer::sum);
                assertTrue(
                        e.code() == ErrorCode.TASK_DIED
                                || e.code() == ErrorCode.TASK_FAILED
                                || e.code() == ErrorCode.PID_TAKEN,
                        () -> assailant + ": " + e.code() + ": " + e.message());
                assertEquals(0, e.getSuppressed().length);
                assertTrue(Descendants.isNone(), () -> assailant + ": left behind: " + Descendants.list());
            }
            Descendants.end();
        }
        System.out.println("restores one of whose tasks was killed: " + ends);
        assertTrue(duration(images) > 0, "the image is good as it was");
    }

    private static RestoreRequest request(final Path images) {
        return new RestoreRequest(
                images, RestoreOptions.DEFAULT, Supervision.NONE.withLimits(new TimeLimits(TIMEOUT, 0)));
    }

    @Test
    void shouldTellWhoIsLateWhenATaskIsStopped() throws Exception {
        final Path images = dump("star", 300);
        final long whole = duration(images);
        int late = 0;
        for (int round = 0; round < ROUNDS && late < 10; round++) {
            final Assailant assailant =
                    new Assailant(Signals.SIGSTOP, (long) (whole * random.nextDouble()), random.nextDouble());
            final long start = System.nanoTime();
            try {
                assailant.start();
                TreeRestore.run(images, RestoreOptions.DEFAULT, Math.max(SHORT_TIMEOUT, 4 * whole));
                assailant.join();
            } catch (final BatonException e) {
                assailant.join();
                assertTrue(Descendants.isNone(), () -> "left behind: " + Descendants.list());
                if (e.code() == ErrorCode.PID_TAKEN) {
                    continue; // while the tree is down its pids are anybody's
                }
                assertEquals(ErrorCode.TIMEOUT, e.code(), e::message);
                assertTrue(e.message().contains("pid "), e::message);
                assertTrue(System.nanoTime() - start < Math.max(SHORT_TIMEOUT, 4 * whole) + UNDO_NANOS);
                late++;
            }
            Descendants.end();
        }
        System.out.println("restores that timed out because a task was stopped: " + late);
        assertTrue(late > 0, "at least one was stopped in time");
        assertTrue(duration(images) > 0, "the image is good as it was");
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 2000})
    void shouldUndoALargeTree(final int tasks) throws Exception {
        final AtomicLong asked = new AtomicLong();
        BatonException cancelled = cancelled(tasks, asked);
        // While the tree is down its pids are anybody's.
        for (int again = 0; cancelled.code() == ErrorCode.PID_TAKEN && again < MOST_AGAIN; again++) {
            cancelled = cancelled(tasks, asked);
        }
        assertEquals(ErrorCode.INTERRUPTED, cancelled.code(), cancelled::message);
        System.out.println("tasks undone: " + tasks + " in " + (System.nanoTime() - asked.get()) / 1_000_000 + " ms");
    }

    private BatonException cancelled(final int tasks, final AtomicLong asked) throws Exception {
        final Path images = dump("star", tasks);
        final BatonException cancelled = assertThrows(
                BatonException.class,
                () -> TreeRestore.run(new RestoreRequest(
                        images,
                        RestoreOptions.DEFAULT,
                        Supervision.NONE.withCancellation(() -> isComplete(tasks, asked)))));
        assertTrue(Descendants.isNone());
        return cancelled;
    }

    private static boolean isComplete(final int tasks, final AtomicLong asked) {
        final boolean complete = Descendants.list().size() > tasks;
        if (complete) {
            asked.compareAndSet(0, System.nanoTime());
        }
        return complete;
    }

    @Test
    void shouldSayWhoHasAPidAndLeaveHimAlone() throws Exception {
        try (Victim victim = Victim.startTree(folder, "family", 0)) {
            final Path images = folder.resolve("images");
            TreeDump.run(new DumpRequest(
                    victim.pid(), images, DumpOptions.DEFAULT, Finish.LEAVE_RUNNING, Deadline.after(SECONDS)));
            final List<Integer> there = Descendants.list();
            final BatonException taken =
                    assertThrows(BatonException.class, () -> TreeRestore.run(images, RestoreOptions.DEFAULT, TIMEOUT));

            assertEquals(ErrorCode.PID_TAKEN, taken.code());
            assertTrue(taken.message().contains(victim.pid() + " (star-static)"), taken::message);
            assertEquals(1, taken.message().lines().count());
            assertEquals(there, Descendants.list());
        }
    }

    @Test
    void shouldLeaveOtherChildrenOfOursAlone() throws Exception {
        final Path images = dump("family", 0);
        try (Victim other = Victim.startTree(folder, "star", 2)) {
            final Assailant assailant = new Assailant(Signals.SIGKILL, 0, 0, other.pid());
            assailant.start();
            assertThrows(BatonException.class, () -> TreeRestore.run(images, RestoreOptions.DEFAULT, TIMEOUT));
            assailant.join();
            assertTrue(other.isAlive());
            assertEquals(3, Descendants.list().size());
        }
    }

    private Path dump(final String shape, final int count) throws Exception {
        final Path images = folder.resolve("images-" + shape);
        try (Victim victim = Victim.startTree(folder, shape, count)) {
            TreeDump.run(
                    new DumpRequest(victim.pid(), images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS)));
        }
        Descendants.end();
        return images;
    }

    /** How long a whole restore takes (ns). */
    private static long duration(final Path images) {
        long shortest = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            final long start = System.nanoTime();
            TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
            shortest = Math.min(shortest, System.nanoTime() - start);
            Descendants.end();
        }
        return shortest;
    }

    /** Waits for the helper, then a while, then sends a signal to one of all there are. */
    private static final class Assailant extends Thread {
        private final int signal;
        private final long delayNanos;
        private final double which;
        private final List<Integer> spared;
        private volatile int hurt;

        Assailant(final int signal, final long delayNanos, final double which, final Integer... others) {
            super("assailant");
            this.signal = signal;
            this.delayNanos = delayNanos;
            this.which = which;
            this.spared = List.of(others);
        }

        @Override
        public void run() {
            final long until = System.nanoTime() + TIMEOUT;
            List<Integer> found = targets();
            while (found.isEmpty() && System.nanoTime() < until) {
                found = targets();
            }
            LockSupport.parkNanos(delayNanos);
            found = targets();
            if (!found.isEmpty()) {
                hurt = found.get((int) (which * found.size()));
                Signals.kill(hurt, signal);
            }
        }

        private List<Integer> targets() {
            if (spared.isEmpty()) {
                return Descendants.list();
            }
            return Descendants.childrenOf((int) ProcessHandle.current().pid()).stream()
                    .filter(pid -> !spared.contains(pid))
                    .toList();
        }

        @Override
        public String toString() {
            return "pid " + hurt + " after " + delayNanos / 1000 + " us";
        }
    }
}
