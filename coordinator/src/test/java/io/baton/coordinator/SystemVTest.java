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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** System V shared memory there and back, in our own ipc namespace and in one of the tree's. */
class SystemVTest {
    private static final long SECONDS = 60;
    private static final int SIGUSR1 = 10;

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

    /** Twice: what was restored can be dumped again. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldBringBackSharedMemory(boolean ownNamespace) throws Exception {
        assumeTrue(Identity.uid() == 0, "needs root: numbers of segments");
        if (ownNamespace) {
            Files.createFile(directory.resolve("own"));
        }
        try (Victim victim = Victim.start("sysv", directory)) {
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
