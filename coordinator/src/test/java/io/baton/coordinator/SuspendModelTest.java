package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.SuspendReference.Node;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.progress.SuspendOutcome;
import io.baton.coordinator.progress.SuspendTurn;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.coordinator.suspend.SuspendOptions;
import io.baton.coordinator.suspend.SuspendOrder;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.VanishedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Random trees of processes that behave in every way when they are asked: it goes as {@link SuspendReference} says. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class SuspendModelTest {
    private static final int TREES = Integer.getInteger("baton.suspends", 25);
    private static final int MOST_PROCESSES = 9;
    private static final List<SuspendOrder> ORDERS = List.of(SuspendOrder.values());
    private static final int MOST_AGAIN = 20;
    private static final long FIRST_LIMIT = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long LAST_LIMIT = TimeUnit.SECONDS.toNanos(8);

    @TempDir
    Path folder = Path.of("");

    private final Map<SuspendOutcome, Integer> outcomes = new TreeMap<>();
    private final ProcFs proc = new ProcFs();
    private int again;

    /** The machine was too slow for a limit, or others took a pid: not what is tested. */
    private static final class TryAgain extends Exception {
        private static final long serialVersionUID = 1;
    }

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @Test
    void shouldGoAsTheProtocolSays() throws Exception {
        for (int seed = 0; seed < TREES; seed++) {
            long limit = FIRST_LIMIT;
            while (true) {
                try {
                    suspend(seed, limit);
                    break;
                } catch (TryAgain e) {
                    limit = Math.min(2 * limit, LAST_LIMIT);
                    assertTrue(++again <= MOST_AGAIN, "too slow");
                }
            }
        }
        System.out.println("suspended trees that went as the protocol says: " + TREES + " of " + TREES + " " + outcomes
                + (again == 0 ? "" : "; tried again: " + again));
    }

    private void suspend(int seed, long limit) throws Exception {
        Random random = new Random(seed);
        Node root = SuspendReference.tree(random, MOST_PROCESSES);
        SuspendOrder order = ORDERS.get(seed % ORDERS.size());
        boolean kill = random.nextBoolean();
        Path report = folder.resolve("report-" + System.nanoTime());
        String about = "seed=" + seed + ", order=" + order + ", tree=" + root.spec();
        try (Victim victim = Victim.start("task-suspends-static", root.spec(), report)) {
            identify(root, victim.pid(), report);
            Map<Integer, SuspendTurn> turns = new HashMap<>();
            Path images = folder.resolve("images-" + System.nanoTime());
            dump(victim.pid(), images, kill, new SuspendOptions(true, limit, order, false), turns);
            boolean anybody = root.all().stream().anyMatch(node -> node.behaviour != SuspendReference.Behaviour.NONE);
            assertEquals(anybody ? root.all().size() : 0, turns.size(), about);
            if (anybody) {
                compare(root, turns, order, limit, about);
            }
            if (kill) {
                TreeSnapshot.reap();
                restore(images);
            }
            Files.createFile(Path.of(report + ".go"));
            for (Node node : root.all()) {
                awaitSaid(node, report, kill ? "restored" : "continued", about);
            }
        } finally {
            TreeSnapshot.reap();
        }
    }

    private static void dump(
            int pid, Path images, boolean kill, SuspendOptions options, Map<Integer, SuspendTurn> turns) {
        OperationListener listener = new OperationListener() {
            @Override
            public void suspended(SuspendTurn turn) {
                turns.put(turn.pid(), turn);
            }
        };
        TreeDump.run(new DumpRequest(
                        pid,
                        images,
                        DumpOptions.DEFAULT,
                        kill ? Finish.KILL : Finish.LEAVE_RUNNING,
                        Supervision.NONE.withListener(listener))
                .withSuspend(options));
    }

    private static void restore(Path images) throws TryAgain {
        try {
            TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(60));
        } catch (BatonException e) {
            if (e.code() != ErrorCode.PID_TAKEN) {
                throw e;
            }
            throw new TryAgain();
        }
    }

    private void compare(Node root, Map<Integer, SuspendTurn> turns, SuspendOrder order, long limit, String about)
            throws TryAgain {
        for (Node node : root.all()) {
            SuspendTurn turn = Objects.requireNonNull(turns.get(node.pid), about);
            SuspendOutcome wanted = SuspendReference.outcome(node.behaviour);
            if (turn.outcome() == SuspendOutcome.TIMED_OUT
                    && wanted != SuspendOutcome.TIMED_OUT
                    && limit < LAST_LIMIT) {
                throw new TryAgain();
            }
            assertEquals(wanted, turn.outcome(), () -> about + ": " + node.behaviour + ", " + turn);
            assertEquals(
                    node.behaviour == SuspendReference.Behaviour.REASON ? "not in the mood" : "", turn.reason(), about);
            for (Node before : SuspendReference.before(root, node, order)) {
                SuspendTurn first = Objects.requireNonNull(turns.get(before.pid), about);
                assertTrue(first.endNanos() <= turn.startNanos(), about);
            }
            outcomes.merge(turn.outcome(), 1, Integer::sum);
        }
    }

    /** Waits until all have said that they are ready, and finds out which pid has which place. */
    private void identify(Node root, int pid, Path report) throws Exception {
        int count = root.all().size();
        Victim.await(
                () -> Files.exists(report) && Files.readAllLines(report).size() == count,
                () -> count + " processes: " + root.spec());
        root.pid = pid;
        for (Node node : root.all()) {
            int[] children = proc.children(node.pid, node.pid);
            // Children are born, and numbered, in the order of the text; unless the numbers wrap around.
            assertEquals(node.children.size(), children.length, root.spec());
            for (int i = 0; i < children.length; i++) {
                node.children.get(i).pid = children[i];
            }
        }
    }

    private void awaitSaid(Node node, Path report, String released, String about) throws Exception {
        List<String> wanted = new ArrayList<>(List.of("ready"));
        wanted.addAll(SuspendReference.says(node.behaviour, released));
        Victim.await(
                () -> said(node.pid, report).equals(wanted),
                () -> about + ": pid " + node.pid + " " + node.behaviour + " is to say " + wanted);
        assertEquals(SuspendReference.lives(node.behaviour), isAlive(node.pid), about);
        assertFalse(said(node.pid, report).size() > wanted.size(), about);
    }

    private static List<String> said(int pid, Path report) throws Exception {
        return Files.readAllLines(report).stream()
                .filter(line -> line.startsWith(pid + " "))
                .map(line -> line.substring(line.indexOf(' ') + 1))
                .toList();
    }

    private boolean isAlive(int pid) {
        try {
            return !proc.stat(pid).isZombie();
        } catch (VanishedException e) {
            return false;
        }
    }
}
