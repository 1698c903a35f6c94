package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
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
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks that restore themselves at the same time, and have much to do with each other. Trees: {@link RandomTreesTest}. */
class ParallelOrderTest {
    private static final int CYCLES = Integer.getInteger("baton.cycles", 5);
    private static final int PAIRS = 6;
    private static final long SECONDS = 60;

    @TempDir
    Path directory = Path.of("");

    @BeforeAll
    static void adoptOrphans() {
        Prctl.setChildSubreaper(true);
    }

    /**
     * Writers and readers in pairs, each with a pipe; all readers write to one open file, which nobody has but from the
     * shell: did two of them not share it, they would overwrite each other.
     */
    private Path script() throws Exception {
        return Files.writeString(
                directory.resolve("pairs.sh"),
                "log=$1\nexec >$log\n"
                        + "for i in $(seq " + PAIRS + "); do\n"
                        + "  (n=0; while echo $i $((n += 1)); do sleep 0.02; done) |\n"
                        + "    while read line; do echo \"$line\"; done &\n"
                        + "done\nwait\n");
    }

    @Test
    void shouldBringBackWhatProcessesShare() throws Exception {
        final Path log = directory.resolve("log");
        final List<String> command = List.of("/bin/sh", script().toString(), log.toString());
        final Path errors = Files.createFile(directory.resolve("errors"));
        try (Victim victim = Victim.startProgram(errors, command)) {
            for (int cycle = 0; cycle < CYCLES; cycle++) {
                awaitMore(log);
                final Path images = directory.resolve("images-" + cycle);
                TreeDump.run(new DumpRequest(
                        victim.pid(), images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS)));
                TreeSnapshot.reap();
                TreeRestore.run(new RestoreRequest(
                                images,
                                RestoreOptions.DEFAULT,
                                Supervision.NONE.withLimits(new TimeLimits(TimeUnit.SECONDS.toNanos(SECONDS), 0)))
                        .with(Order.PARALLEL));
            }
            awaitMore(log);
        }
        check(Files.readAllLines(log));
        assertEquals("", Files.readString(errors));
    }

    private static void awaitMore(final Path log) throws Exception {
        final long length = Files.exists(log) ? Files.size(log) : 0;
        Victim.await(() -> Files.exists(log) && Files.size(log) > length + 100);
    }

    /** Every writer's numbers, one after the other; the last line may be cut off by the end. */
    private static void check(final List<String> lines) {
        final int[] last = new int[PAIRS + 1];
        for (final String line : lines.subList(0, lines.size() - 1)) {
            final int[] words =
                    Arrays.stream(line.split(" ")).mapToInt(Integer::parseInt).toArray();
            assertEquals(last[words[0]] + 1, words[1], line);
            last[words[0]]++;
        }
        assertTrue(Arrays.stream(last).skip(1).allMatch(count -> count > 1), () -> Arrays.toString(last));
    }
}
