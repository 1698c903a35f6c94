package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The property Baton exists for: whatever tree a real system has come to, dumped and restored it is the same. The trees
 * grow by themselves from a seed ({@code native/victims/forest.c}), and are compared by all that /proc shows.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class RandomTreesTest {
    private static final int TREES = Integer.getInteger("baton.trees", 300);
    private static final int MOST_AGAIN = 20;
    private static final int SMALLEST = 2;
    private static final int SIZES = 199;
    private static final int STRIDE = 37;
    private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final long SETTLE_MILLIS = 5;
    private static final int DUMP_SECONDS = 60;
    private static final long TIMEOUT = TimeUnit.SECONDS.toNanos(60);

    @TempDir
    Path folder = Path.of("");

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @Test
    void shouldBringBackRandomTreesExactly() throws Exception {
        int identical = 0;
        int again = 0;
        try (TreeSnapshot snapshot = new TreeSnapshot()) {
            for (int seed = 0; seed < TREES; seed++) {
                final int size = SMALLEST + seed * STRIDE % SIZES;
                try {
                    assertEquals("", dumpAndRestore(snapshot, seed, size), "seed=" + seed + ", size=" + size);
                } catch (final BatonException e) {
                    // While the tree is down its pids are anybody's. Others on this machine may take them; not often.
                    if (e.code() != ErrorCode.PID_TAKEN || ++again > MOST_AGAIN) {
                        throw e;
                    }
                    seed--;
                    continue;
                }
                identical++;
            }
        }
        System.out.println("random trees identical after dump and restore: " + identical + " of " + TREES
                + (again == 0 ? "" : "; begun anew because others had taken a pid: " + again));
    }

    private String dumpAndRestore(final TreeSnapshot snapshot, final int seed, final int size) throws Exception {
        final Path ready = folder.resolve("ready-" + System.nanoTime());
        final Path images = folder.resolve("images-" + System.nanoTime());
        final Victim forest = Victim.start("forest-static", seed, size, ready);
        try {
            Victim.await(() -> Files.exists(ready));
            final List<String> before = snapshot.atRest(forest.pid());
            TreeDump.run(new DumpRequest(
                    forest.pid(), images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(DUMP_SECONDS)));
            TreeSnapshot.reap();
            assertEquals(forest.pid(), TreeRestore.run(request(images, seed)).root());
            return settledDifference(snapshot, before, forest.pid());
        } finally {
            snapshot.kill(forest.pid());
        }
    }

    /** In saved order and in parallel by turns. */
    private static RestoreRequest request(final Path images, final int seed) {
        final Supervision supervision = Supervision.NONE.withLimits(new TimeLimits(TIMEOUT, 0));
        return new RestoreRequest(images, RestoreOptions.DEFAULT, supervision)
                .with(seed % 2 == 0 ? Order.SAVED : Order.PARALLEL);
    }

    /** A task that has just been let go is seen running for a moment before it sleeps again. */
    private static String settledDifference(final TreeSnapshot snapshot, final List<String> before, final int root)
            throws InterruptedException {
        final long until = System.nanoTime() + SETTLE_NANOS;
        while (true) {
            final String difference = TreeSnapshot.difference(before, snapshot.of(root));
            if (difference.isEmpty() || System.nanoTime() > until) {
                return difference;
            }
            Thread.sleep(SETTLE_MILLIS);
        }
    }
}
