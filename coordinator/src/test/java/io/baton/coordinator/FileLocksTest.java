package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.FileOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.task.linux.Prctl;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** File locks there and back: what the kernel shows of them before and after, in {@code /proc/locks} and by descriptor. */
class FileLocksTest {
    private static final long SECONDS = 60;
    private static final int SIGUSR1 = 10;
    private static final int SEEDS = Integer.getInteger("baton.locks", 3);
    private static final DumpOptions WITH_LOCKS = DumpOptions.DEFAULT.with(new FileOptions(true));

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

    private Victim start(Path home, int seed) throws Exception {
        Files.createDirectories(home);
        Files.writeString(home.resolve("seed"), seed + "\n");
        Victim victim = Victim.start("locks", home);
        Victim.await(() -> Files.exists(home.resolve("ready")));
        return victim;
    }

    private static Path dump(Victim victim, Path home, DumpOptions options) {
        Path images = home.resolve("images");
        TreeDump.run(new DumpRequest(victim.pid(), images, options, Finish.KILL, Deadline.after(SECONDS)));
        TreeSnapshot.reap();
        return images;
    }

    private static void restore(Path images) {
        TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
    }

    /** Who has locked what below a directory: lines without their running number. */
    private static Set<String> locks(Path home, Victim victim) throws IOException {
        Set<String> inodes = new HashSet<>();
        try (Stream<Path> files = Files.list(home)) {
            for (Path file : files.toList()) {
                inodes.add(":" + Files.getAttribute(file, "unix:ino") + " ");
            }
        }
        Set<String> lines = new TreeSet<>();
        for (String line : Files.readAllLines(Path.of("/proc/locks"))) {
            if (inodes.stream().anyMatch(line::contains)) {
                lines.add("system " + line.substring(line.indexOf(':')));
            }
        }
        List<Long> pids = new ArrayList<>(List.of((long) victim.pid()));
        ProcessHandle.of(victim.pid())
                .ifPresent(root -> root.descendants().map(ProcessHandle::pid).forEach(pids::add));
        for (long pid : pids) {
            Path table = Path.of("/proc/" + pid + "/fdinfo");
            if (!Files.isDirectory(table)) {
                continue;
            }
            try (Stream<Path> descriptors = Files.list(table)) {
                for (Path descriptor : descriptors.toList()) {
                    for (String line : Files.readAllLines(descriptor)) {
                        if (line.startsWith("lock:")) {
                            String lock = line.substring(line.indexOf(':', "lock:".length()));
                            lines.add(table.relativize(descriptor) + " of " + pid + lock);
                        }
                    }
                }
            }
        }
        return lines;
    }

    @Test
    void shouldBringBackLocksOfEveryKind() throws Exception {
        int seen = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            Path home = directory.resolve("seed" + seed);
            try (Victim victim = start(home, seed)) {
                Set<String> before = locks(home, victim);
                Path images = dump(victim, home, WITH_LOCKS);
                assertFalse(locks(home, victim).stream().anyMatch(line -> line.startsWith("system")));
                restore(images);
                assertEquals(String.join("\n", before), String.join("\n", locks(home, victim)), "seed " + seed);
                victim.signal(SIGUSR1);
                Victim.await(() -> Files.exists(home.resolve("result")));
                assertEquals("PASS\n", Files.readString(home.resolve("result")));
                seen += before.size();
            }
            TreeSnapshot.reap();
        }
        assertTrue(seen > 20 * SEEDS, "too few locks: " + seen);
    }

    @Test
    void shouldRefuseThemWithoutTheOption() throws Exception {
        try (Victim victim = start(directory, 1)) {
            Set<String> before = locks(directory, victim);
            BatonException refused =
                    assertThrows(BatonException.class, () -> dump(victim, directory, DumpOptions.DEFAULT));
            assertTrue(refused.message().contains("holds a file lock"), refused::message);
            assertTrue(refused.message().contains("--file-locks"), refused::message);
            assertEquals(before, locks(directory, victim));
        }
    }

    /** The lock that somebody else has by now is told before anything is made. */
    @Test
    void shouldNameWhoHasTheLockByNow() throws Exception {
        Path locked = directory.resolve("locked");
        Files.writeString(locked, "x");
        String script =
                "exec 9<>" + locked + "; flock 9; : > " + directory.resolve("ready") + "; while :; do sleep 1; done";
        try (Victim victim = Victim.run("/bin/sh", "-c", script)) {
            Victim.await(() -> Files.exists(directory.resolve("ready")));
            Path images = dump(victim, directory, WITH_LOCKS);
            try (Victim other = Victim.run("/usr/bin/flock", "--no-fork", locked, "/bin/sleep", "60")) {
                Victim.await(() -> Files.readString(Path.of("/proc/locks")).contains(" " + other.pid() + " "));
                BatonException refused = assertThrows(BatonException.class, () -> restore(images));
                assertTrue(refused.message().contains("locked by pid " + other.pid()), refused::message);
            }
            restore(images);
            try (FileChannel channel = FileChannel.open(locked, StandardOpenOption.WRITE);
                    FileLock posix = channel.tryLock()) {
                assertTrue(posix != null && posix.isValid(), "flock(2) is no POSIX lock");
            }
        }
    }
}
