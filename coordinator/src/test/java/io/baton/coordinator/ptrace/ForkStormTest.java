package io.baton.coordinator.ptrace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Wait;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Trees that fork as fast as they can are stopped, all of them, and run on. Not among them: runners that fork and end while
 * their reaper is stopped; their dead can fill the machine's pids before the living one is caught, see docs/status.md.
 */
@Timeout(120)
class ForkStormTest {
    private static final int ROUNDS = Integer.getInteger("baton.storms", 2);

    @TempDir
    Path directory = Path.of("");

    private final ProcFs proc = new ProcFs();
    private long longest;

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @ParameterizedTest
    @CsvSource({"turnover,4", "orphans,3", "escape,1"})
    void shouldStopATreeThatForksAllTheTime(String shape, int count) throws Exception {
        Path ready = directory.resolve("ready");
        Victim victim = Victim.start("storm-static", ready, shape, count);
        try {
            Victim.await(() -> Files.exists(ready));
            int root = shape.equals("escape") ? proc.children(victim.pid(), victim.pid())[0] : victim.pid();
            for (int round = 0; round < ROUNDS; round++) {
                expectAllStopped(root);
                Thread.sleep(5);
            }
        } finally {
            // One signal for all of them: it and a fork cannot miss each other.
            Signals.kill(-victim.pid(), Signals.SIGKILL);
            Victim.await(ForkStormTest::areAllReaped);
        }
        System.out.println("fork storm " + shape + " of " + count + ": stopped " + ROUNDS + " times, in at most "
                + TimeUnit.NANOSECONDS.toMicros(longest) + " us");
    }

    private void expectAllStopped(int root) throws Exception {
        long start = System.nanoTime();
        try (SeizedTree tree = TreeSeizer.seize(root, Deadline.after(20))) {
            longest = Math.max(longest, System.nanoTime() - start);
            List<Integer> seized =
                    tree.processes().stream().map(SeizedProcess::pid).sorted().toList();
            for (int look = 0; look < 2; look++) {
                assertEquals(seized, descendants(root).stream().sorted().toList());
                for (int pid : seized) {
                    char state = proc.stat(pid).state();
                    assertTrue(state == 't' || state == 'Z', () -> pid + " is in state " + state);
                }
                Thread.sleep(2);
            }
        }
    }

    private List<Integer> descendants(int root) {
        List<Integer> found = new ArrayList<>(List.of(root));
        for (int i = 0; i < found.size(); i++) {
            int pid = found.get(i);
            for (int tid : proc.threads(pid)) {
                for (int child : proc.children(pid, tid)) {
                    found.add(child);
                }
            }
        }
        return found;
    }

    private static boolean areAllReaped() {
        try {
            boolean more;
            do {
                more = !Wait.wait4(-1, Wait.WNOHANG | Wait.WALL).isNone();
            } while (more);
            return false;
        } catch (LinuxException e) {
            return true; // no child
        }
    }
}
