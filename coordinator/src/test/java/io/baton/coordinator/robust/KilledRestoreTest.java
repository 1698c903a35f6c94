package io.baton.coordinator.robust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.TreeSnapshot;
import io.baton.coordinator.Victim;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.state.DumpOptions;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Wait;
import io.baton.task.linux.WaitStatus;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A restore that is cut short, at any moment: either nothing is left of it within two seconds, or the gate was open and
 * the whole tree lives; and the image is as good as before.
 */
@Timeout(300)
class KilledRestoreTest {
    private static final int ROUNDS = Integer.getInteger("baton.kills", 16);
    private static final int SECONDS = 60;
    private static final long PATIENCE_MILLIS = 30_000;
    private static final long UNDO_MILLIS = 2_000;
    private static final int INTERRUPTED = 13;
    private static final int BY_SIGNAL = 128;

    @TempDir
    Path folder = Path.of("");

    private final TreeSnapshot snapshot = new TreeSnapshot();
    private final Map<String, Integer> ends = new TreeMap<>();
    private Path images = Path.of("");
    private int root;
    private List<String> before = List.of();

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @BeforeEach
    void dump() throws Exception {
        images = folder.resolve("images");
        try (Victim victim = Victim.startTree(folder, "family", 0)) {
            root = victim.pid();
            before = snapshot.atRest(root);
            TreeDump.run(new DumpRequest(root, images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS)));
        }
        Descendants.end();
    }

    @AfterEach
    void endAll() {
        Descendants.end();
        snapshot.close();
    }

    @Test
    void shouldLeaveAllOrNothingWhenTheCoordinatorIsKilled() throws Exception {
        final long whole = duration();
        for (int round = 0; round < ROUNDS; round++) {
            final Coordinator restore = begun();
            TimeUnit.NANOSECONDS.sleep(whole * round / ROUNDS);
            restore.signal(Signals.SIGKILL);
            restore.await(PATIENCE_MILLIS);
            ends.merge(left(), 1, Integer::sum);
            Descendants.end();
        }
        System.out.println("restores whose coordinator was killed: " + ends);
        duration();
    }

    @Test
    void shouldUndoWhenAskedToStop() throws Exception {
        final long whole = duration();
        for (int round = 0; round < ROUNDS; round++) {
            final int signal = round % 2 == 0 ? Signals.SIGINT : Signals.SIGTERM;
            final Coordinator restore = round == 1 ? restore() : begun();
            TimeUnit.NANOSECONDS.sleep(whole * round / ROUNDS);
            restore.signal(signal);
            final WaitStatus end = restore.await(PATIENCE_MILLIS);
            final int status = end.isExited() ? end.exitCode() : -1;
            final String left = left();
            ends.merge((end.isExited() ? "status " + status : "signal") + ", " + left, 1, Integer::sum);
            // Before the command has begun, the JVM ends as it likes.
            final boolean stopped = status == INTERRUPTED || status == BY_SIGNAL + signal || end.isSignaled();
            assertTrue(
                    status == 0 ? left.equals("the tree") : stopped && left.equals("nothing"),
                    () -> end + ", " + left + ": " + restore.said());
            assertTrue(status != INTERRUPTED || restore.said().startsWith("baton: interrupted"), restore::said);
            Descendants.end();
        }
        System.out.println("restores asked to stop: " + ends);
        duration();
    }

    private Coordinator restore() {
        return Coordinator.start(folder.resolve("said"), "restore", "-d", "-D", images);
    }

    /** One whose helper has just been started. */
    private Coordinator begun() {
        final Coordinator restore = restore();
        restore.awaitBegun(() -> !Descendants.childrenOf(restore.pid()).isEmpty());
        return restore;
    }

    /** How long a whole one takes (ns), from the helper's start; and that it does. */
    private long duration() throws Exception {
        final Coordinator restore = begun();
        final long start = System.nanoTime();
        final WaitStatus status = restore.await(PATIENCE_MILLIS);
        final long whole = System.nanoTime() - start;
        assertTrue(status.isExited() && status.exitCode() == 0, () -> status + ": " + restore.said());
        assertEquals("the tree", left());
        Descendants.end();
        return whole;
    }

    /** Waits until there is nothing, or the tree just as it was; says what is the case. */
    private String left() throws Exception {
        final long until = System.currentTimeMillis() + UNDO_MILLIS;
        String difference = "";
        while (System.currentTimeMillis() < until) {
            reapOrphans();
            if (Descendants.isNone()) {
                return "nothing";
            }
            try {
                difference = TreeSnapshot.difference(before, snapshot.of(root));
            } catch (final LinuxException e) {
                difference = e.toString();
            }
            if (difference.isEmpty()) {
                return "the tree";
            }
            Thread.sleep(5);
        }
        throw new AssertionError("neither nothing nor all: pids=" + Descendants.list() + "\n" + difference);
    }

    private static void reapOrphans() {
        for (final int pid : Descendants.list()) {
            try {
                Wait.wait4(pid, Wait.WNOHANG | Wait.WALL);
            } catch (final LinuxException e) {
                // Not our child: if it is a zombie, it is one of the tree's.
            }
        }
    }
}
