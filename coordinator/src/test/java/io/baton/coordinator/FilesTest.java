package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Signals;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files there and back with real programs: the victim {@code files}, which looks itself, and shell pipelines. */
class FilesTest {
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

    private Path dump(Victim victim, String name) {
        Path images = directory.resolve(name);
        TreeDump.run(new DumpRequest(victim.pid(), images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS)));
        TreeSnapshot.reap();
        return images;
    }

    private static void restore(Path images) {
        TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
    }

    private Victim startFiles() throws Exception {
        Victim victim = Victim.start("files", directory);
        Victim.await(() -> Files.exists(directory.resolve("ready")));
        return victim;
    }

    private String verdict(Victim victim) throws Exception {
        victim.signal(SIGUSR1);
        Path result = directory.resolve("result");
        Victim.await(() -> Files.exists(result));
        return Files.readString(result);
    }

    private void shell(Victim victim, Path log) throws Exception {
        Victim.await(() -> Files.exists(log) && Files.size(log) > 100);
        restore(dump(victim, "images"));
        long length = Files.size(log);
        Victim.await(() -> Files.size(log) > 2 * length);
    }

    @Test
    void shouldBringBackFilesOfEveryKind() throws Exception {
        try (Victim victim = startFiles()) {
            restore(dump(victim, "images"));
            assertEquals("PASS\n", verdict(victim));
        }
    }

    @Test
    void shouldBringThemBackOnceMore() throws Exception {
        try (Victim victim = startFiles()) {
            restore(dump(victim, "once"));
            restore(dump(victim, "twice"));
            assertEquals("PASS\n", verdict(victim));
        }
    }

    @Test
    void shouldRefuseAFileThatHasChanged() throws Exception {
        try (Victim victim = startFiles()) {
            Path images = dump(victim, "images");
            Path file = directory.resolve("file");
            Files.writeString(file, "shorter");
            BatonException changed = assertThrows(BatonException.class, () -> restore(images));
            assertTrue(changed.message().contains(file + "): has another size"), changed::message);
            Files.delete(file);
            BatonException gone = assertThrows(BatonException.class, () -> restore(images));
            assertTrue(gone.message().contains(file + "): cannot be found"), gone::message);
            Files.writeString(file, "hello world\n");
            restore(images);
            assertEquals("PASS\n", verdict(victim));
        }
    }

    /** A dead leader has no descriptors; what its threads have made is fetched from them. */
    @Test
    void shouldShareWithAProcessWithoutLeader() throws Exception {
        Path ready = directory.resolve("ready");
        Path result = directory.resolve("result");
        try (Victim victim = Victim.start("leaderless", directory)) {
            Victim.await(() -> Files.exists(ready));
            restore(dump(victim, "images"));
            Signals.kill(Integer.parseInt(Files.readString(ready).trim()), SIGUSR1);
            Victim.await(() -> Files.exists(result));
            assertEquals("hello 77\n", Files.readString(result));
        }
    }

    /** Nothing may get lost or come twice on the way through two pipes. */
    @Test
    void shouldKeepAPipelineTogether() throws Exception {
        Path copy = directory.resolve("copy");
        String command = "n=0; while :; do n=$((n+1)); echo $n; done | sed -u s/^/x/ | head -c 400000000 > " + copy;
        try (Victim victim = Victim.run("/bin/sh", "-c", command)) {
            shell(victim, copy);
            victim.signal(19);
        }
        List<String> lines = Files.readAllLines(copy);
        int complete = Math.min(lines.size() - 1, 200_000);
        assertEquals(IntStream.rangeClosed(1, complete).mapToObj(n -> "x" + n).toList(), lines.subList(0, complete));
    }
}
