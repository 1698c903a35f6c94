package io.baton.coordinator.robust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.TreeSnapshot;
import io.baton.coordinator.Victim;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.Fault;
import io.baton.coordinator.restore.RestoreRequest;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.coordinator.supervision.TimeLimits;
import io.baton.mktree.plan.RestoreStage;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.VanishedException;
import io.baton.task.program.FaultInjector;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every instruction of every task of a small tree fails, dies or hangs in turn, and every confirmation is dropped: each
 * time the restore says so, nothing is left, and a second try brings the tree back. {@code -Dbaton.faults.stride=1} takes
 * no instruction out.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class FaultWalkTest {
    private static final int STRIDE = Integer.getInteger("baton.faults.stride", 7);
    private static final int HANG_STRIDE = Integer.getInteger("baton.faults.hangs", 97);
    private static final int SECONDS = 60;
    private static final int FEWEST_TASKS = 12;
    private static final int MOST_AGAIN = 50;
    private static final long SHORT = TimeUnit.MILLISECONDS.toNanos(400);
    private static final long UNDO = TimeUnit.SECONDS.toNanos(5);

    @TempDir
    Path folder = Path.of("");

    private final TreeSnapshot snapshot = new TreeSnapshot();
    private final Map<String, Integer> ends = new TreeMap<>();
    private Path images = Path.of("");
    private int root;
    private int again;
    private List<String> before = List.of();
    private List<String> mounts = List.of();
    private List<String> descriptors = List.of();

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @BeforeEach
    void dump() throws Exception {
        images = folder.resolve("images");
        try (Victim victim = Victim.startTree(folder, "clan", 0)) {
            root = victim.pid();
            before = snapshot.atRest(root);
            TreeDump.run(new DumpRequest(root, images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS)));
        }
        Descendants.end();
        mounts = mounts();
        restoreWell();
        descriptors = descriptors();
    }

    @AfterEach
    void endAll() {
        Descendants.end();
        snapshot.close();
    }

    @Test
    void shouldTellAndUndoWhateverFails() throws Exception {
        walk(Fault.Kind.FAIL, STRIDE);
    }

    @Test
    void shouldTellAndUndoWhoeverDies() throws Exception {
        walk(Fault.Kind.DIE, STRIDE);
    }

    @Test
    void shouldTellAndUndoWhoeverHangs() throws Exception {
        walk(Fault.Kind.HANG, HANG_STRIDE);
    }

    @Test
    void shouldTellAndUndoALostConfirmation() throws Exception {
        final int tasks = count().size();
        int dropped = 0;
        for (final RestoreStage stage : RestoreStage.values()) {
            for (int slot = 0; slot < tasks; slot += 3) {
                final Fault fault = new Fault(Fault.Kind.DROP, slot, stage.number());
                dropped += provoke(fault) ? 1 : 0;
            }
        }
        System.out.println("confirmations dropped: " + dropped + " " + ends);
        assertTrue(dropped > 0);
    }

    private void walk(final Fault.Kind kind, final int stride) throws Exception {
        final List<Integer> counts = count();
        assertTrue(counts.size() >= FEWEST_TASKS, () -> "tasks=" + counts.size());
        int walked = 0;
        int next = 0;
        for (int slot = 0; slot < counts.size(); slot++) {
            for (; next < counts.get(slot); next += stride) {
                assertTrue(provoke(new Fault(kind, slot, next)));
                walked++;
            }
            next -= counts.get(slot);
        }
        System.out.println(kind + " at " + walked + " of "
                + counts.stream().mapToInt(Integer::intValue).sum() + " instructions of " + counts.size() + " tasks: "
                + ends);
    }

    /** How many instructions each task runs. */
    private List<Integer> count() throws Exception {
        final TreeMap<Integer, Integer> counts = new TreeMap<>();
        run((slot, program) -> counts.merge(slot, program.count(), Integer::sum), SECONDS * 1_000_000_000L);
        Descendants.end();
        return new ArrayList<>(counts.values());
    }

    /** Restores with a fault, then without; whether there was an occasion for the fault. */
    private boolean provoke(final Fault fault) throws Exception {
        final long start = System.nanoTime();
        String end;
        try {
            final boolean patient = fault.kind() == Fault.Kind.FAIL || fault.kind() == Fault.Kind.DIE;
            run(fault, patient ? SECONDS * 1_000_000_000L : SHORT);
            assertEquals("", settled(), fault::toString);
            end = "restored";
        } catch (final BatonException e) {
            if (e.code() == ErrorCode.PID_TAKEN && ++again < MOST_AGAIN) {
                return provoke(new Fault(fault.kind(), fault.slot(), fault.number()));
            }
            check(fault, e, start);
            assertTrue(Descendants.isNone(), () -> fault + ": left behind: " + Descendants.list());
            end = e.code().name();
        }
        Descendants.end();
        Victim.await(() -> mounts.containsAll(mounts())); // others may mount something for a moment
        assertEquals(descriptors, descriptors(), fault::toString);
        if (fault.wasInjected()) {
            ends.merge(end, 1, Integer::sum);
            restoreWell();
        } else {
            assertEquals("restored", end, fault::toString);
        }
        return fault.wasInjected();
    }

    private static void check(final Fault fault, final BatonException e, final long start) {
        final ErrorCode wanted = switch (fault.kind()) {
            case FAIL -> ErrorCode.TASK_FAILED;
            case DIE -> ErrorCode.TASK_DIED;
            case HANG, DROP -> ErrorCode.TIMEOUT;
        };
        assertEquals(wanted, e.code(), () -> fault + ": " + e.message());
        assertTrue(e.message().contains("pid ") || e.message().contains("helper"), () -> fault + ": " + e.message());
        assertEquals(0, e.getSuppressed().length, () -> fault + ": " + e.message());
        assertTrue(
                wanted != ErrorCode.TIMEOUT || System.nanoTime() - start < SHORT + UNDO,
                () -> fault + ": late: " + e.message());
    }

    private void run(final FaultInjector faults, final long timeoutNanos) {
        TreeRestore.run(new RestoreRequest(
                images, RestoreOptions.DEFAULT, Supervision.NONE.withLimits(new TimeLimits(timeoutNanos, 0)), faults));
    }

    private void restoreWell() throws Exception {
        for (boolean done = false; !done; ) {
            try {
                run(FaultInjector.NONE, SECONDS * 1_000_000_000L);
                done = true;
            } catch (final BatonException e) {
                if (e.code() != ErrorCode.PID_TAKEN || ++again >= MOST_AGAIN) {
                    throw e;
                }
            }
        }
        assertEquals("", settled());
        Descendants.end();
    }

    private String settled() throws Exception {
        final long until = System.nanoTime() + UNDO;
        while (true) {
            final String difference = TreeSnapshot.difference(before, snapshot.of(root));
            if (difference.isEmpty() || System.nanoTime() > until) {
                return difference;
            }
            Thread.sleep(1);
        }
    }

    private static List<String> mounts() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/mountinfo"));
    }

    /** What is open, but for the jars that the JVM opens when it likes. */
    private static List<String> descriptors() {
        final List<String> targets = new ArrayList<>();
        try (ProcFs proc = new ProcFs()) {
            for (final int fd : proc.descriptors(Identity.pid())) {
                try {
                    targets.add(proc.readLink(Identity.pid(), "fd/" + fd));
                } catch (final VanishedException e) {
                    // That of the listing itself.
                }
            }
        }
        return targets.stream()
                .filter(target ->
                        !target.endsWith(".jar") && !target.startsWith("/proc") && !target.startsWith("/sys/fs/cgroup"))
                .sorted()
                .toList();
    }
}
