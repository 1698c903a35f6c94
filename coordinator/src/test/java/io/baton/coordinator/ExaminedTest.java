package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Signals;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Victims that tell by themselves whether all is as it was: kinds of mappings (private ones of memory files, locked as they are touched,
 * sealed, huge pages), and filters of system calls that threads have together.
 */
class ExaminedTest {
    private static final long SECONDS = 60;
    private static final int SIGUSR1 = 10;
    private static final Path HUGE_PAGES = Path.of("/proc/sys/vm/nr_hugepages");
    /** Of 2 MB. */
    private static final int NEEDED = 12;

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

    @ParameterizedTest
    @ValueSource(strings = {"mappings", "synced"})
    void shouldBeAsBefore(String name) throws Exception {
        assumeTrue(Identity.uid() == 0, "needs root: links of mappings, suspended filters");
        saveAndRestore(name);
    }

    /** The machine gets some for that while. */
    @Test
    void shouldBringBackHugePages() throws Exception {
        assumeTrue(Identity.uid() == 0, "needs root: huge pages");
        String before = Files.readString(HUGE_PAGES).strip();
        try {
            Files.writeString(HUGE_PAGES, Integer.toString(Integer.parseInt(before) + 2 * NEEDED));
            assumeTrue(freeHugePages() >= NEEDED, "no memory for huge pages of 2 MB");
            saveAndRestore("huge");
        } finally {
            Files.writeString(HUGE_PAGES, before);
        }
    }

    private static int freeHugePages() throws Exception {
        try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
            return lines.filter(line -> line.startsWith("HugePages_Free:"))
                    .mapToInt(line -> Integer.parseInt(line.split("\\s+")[1]))
                    .sum();
        }
    }

    /** Twice: what was restored can be dumped again. */
    private void saveAndRestore(String name) throws Exception {
        try (Victim victim = Victim.start(name, directory)) {
            Victim.await(() -> Files.exists(directory.resolve("ready")));
            for (int cycle = 0; cycle < 2; cycle++) {
                Path images = directory.resolve("images" + cycle);
                TreeDump.run(new DumpRequest(
                        victim.pid(), images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS)));
                TreeSnapshot.reap();
                TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
            }
            Signals.kill(victim.pid(), SIGUSR1);
            Victim.await(() -> Files.exists(directory.resolve("result")));

            assertEquals("PASS\n", Files.readString(directory.resolve("result")));
        }
    }
}
