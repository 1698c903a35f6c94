package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.task.linux.Prctl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Descriptors that tell of something else, there and back, three times: each victim looks itself. */
class NotifyingFilesTest {
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

    private void cycle(Victim victim, String name) {
        Path images = directory.resolve(name);
        TreeDump.run(new DumpRequest(victim.pid(), images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS)));
        TreeSnapshot.reap();
        TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"pidfds", "notified", "memfds"})
    void shouldComeBack(String program) throws Exception {
        try (Victim victim = Victim.start(program, directory)) {
            Victim.await(() -> Files.exists(directory.resolve("ready")));
            cycle(victim, "image 1");
            cycle(victim, "image 2");
            cycle(victim, "image 3");
            victim.signal(SIGUSR1);
            Path result = directory.resolve("result");
            Victim.await(() -> Files.exists(result));
            assertEquals("PASS\n", Files.readString(result));
        }
    }
}
