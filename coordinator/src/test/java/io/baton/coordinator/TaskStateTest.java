package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
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
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** There and back with real programs: what the victims {@code state} and {@code calls} tell of themselves. */
class TaskStateTest {
    private static final long SECONDS = 60;

    /** What each call of {@code calls} takes (ms). */
    private static final long SPAN = 3000;

    /** How long they have been at it when they are dumped (ms). */
    private static final long HEAD_START = 1000;

    @TempDir
    Path directory;

    @BeforeAll
    static void adoptOrphans() {
        Prctl.setChildSubreaper(true);
    }

    @BeforeEach
    void letAnyoneWrite() throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    @AfterEach
    void reapZombies() {
        TreeSnapshot.reap();
    }

    private Path dump(int pid) {
        Path images = directory.resolve("images");
        TreeDump.run(new DumpRequest(pid, images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS)));
        TreeSnapshot.reap();
        return images;
    }

    private static void restore(Path images) {
        TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
    }

    /** t: threads; z: zombies; n: no_new_privs; r: real time; c: odd credentials; u: an ordinary user; s: seccomp. */
    @ParameterizedTest
    @ValueSource(strings = {"n", "tz", "r", "tcn", "u", "ts", "sn"})
    void shouldBringBackWhatATaskIs(String variant) throws Exception {
        assumeTrue(Identity.uid() == 0, "needs root: other users, capabilities, real time");
        Path report = directory.resolve("report");
        try (Victim victim = Victim.start("state", report, variant)) {
            Path before = directory.resolve("report.before");
            Victim.await(() -> Files.exists(before));
            Path images = dump(victim.pid());
            restore(images);
            Files.createFile(directory.resolve("report.go"));
            Path after = directory.resolve("report.after");
            Victim.await(() -> Files.exists(after));

            assertEquals(Files.readString(before), Files.readString(after));
        }
    }

    @Test
    void shouldGoOnWithEveryCallWhereItWas() throws Exception {
        Path log = directory.resolve("log");
        try (Victim victim = Victim.start("calls", log, SPAN)) {
            Victim.await(() -> Files.exists(log));
            Thread.sleep(HEAD_START);
            Path images = dump(victim.pid());
            long down = millis();
            Thread.sleep(SPAN);
            long up = millis();
            restore(images);
            Victim.await(() -> Files.readString(log).contains("end"));

            Map<String, Long> ends = ends(Files.readAllLines(log));
            long start = at(ends, "start");
            // Time stood still for those that can tell the kernel how much is left...
            for (String call : List.of("nanosleep", "clock_nanosleep", "select", "main")) {
                long slept = at(ends, call) - start - (up - down);
                assertTrue(slept >= SPAN - 100, () -> call + " has slept for " + slept);
                assertTrue(at(ends, call) - up < SPAN, () -> call + " has begun anew");
            }
            // ...others begin anew, or wait for a time that has come.
            for (String call : List.of("bare", "poll", "futex")) {
                assertTrue(at(ends, call) - up >= SPAN - 100, call);
            }
            for (String call : List.of("until", "spin")) {
                assertTrue(at(ends, call) >= up, call);
            }
        }
    }

    @Test
    void shouldEndStoppedWhatWasStopped() throws Exception {
        Path log = directory.resolve("log");
        try (Victim victim = Victim.start("calls", log, SPAN)) {
            Victim.await(() -> Files.exists(log));
            Thread.sleep(HEAD_START);
            victim.signal(Signals.SIGSTOP);
            Victim.await(() -> state(victim) == 'T');
            restore(dump(victim.pid()));
            Thread.sleep(HEAD_START);
            assertEquals('T', state(victim));
            assertEquals(1, Files.readAllLines(log).size());

            victim.signal(Signals.SIGCONT);
            Victim.await(() -> Files.readString(log).contains("end"));
            ends(Files.readAllLines(log));
        }
    }

    @Test
    void shouldLiveOnWithoutLeader() throws Exception {
        try (Victim victim = Victim.startTree(directory, "leaderless", 2)) {
            Path threads = Path.of("/proc/" + victim.pid() + "/task");
            Victim.await(() -> state(victim) == 'Z');
            List<String> before = names(threads);
            restore(dump(victim.pid()));
            Thread.sleep(HEAD_START);

            assertEquals('Z', state(victim));
            assertEquals(before, names(threads));
        }
    }

    private static List<String> names(Path folder) throws Exception {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static char state(Victim victim) {
        try (io.baton.task.linux.ProcFs proc = new io.baton.task.linux.ProcFs()) {
            return proc.stat(victim.pid()).state();
        }
    }

    /** When each call returned; none may have failed. */
    private static Map<String, Long> ends(List<String> lines) {
        Map<String, Long> ends = new HashMap<>();
        for (String line : lines) {
            String[] words = line.split(" ");
            assertEquals("0", words[2], line);
            ends.put(words[0], Long.parseLong(words[3]));
        }
        return ends;
    }

    private static long at(Map<String, Long> ends, String call) {
        return ends.getOrDefault(call, Long.MIN_VALUE);
    }

    private static long millis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }
}
