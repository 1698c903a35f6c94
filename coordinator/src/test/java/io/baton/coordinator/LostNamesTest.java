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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Things whose names are gone, with the victim {@code lost}, which looks itself. */
class LostNamesTest {
    private static final long SECONDS = 60;
    private static final int SIGUSR1 = 10;
    private static final long LARGE = 65L << 20;
    private static final DumpOptions LINKS = DumpOptions.DEFAULT.with(FileOptions.DEFAULT.withLinkRemap());

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

    private Victim start(String name) throws Exception {
        Path errors = Files.createFile(directory.resolve("errors"));
        Victim victim = Victim.startProgram(errors, List.of(Victim.binary(name).toString(), directory.toString()));
        Victim.await(
                () -> Files.exists(directory.resolve("ready")) || Files.size(errors) > 0, () -> name + " is ready");
        assertEquals("", Files.readString(errors));
        return victim;
    }

    private Path dump(Victim victim, String name, DumpOptions options, Finish finish) {
        Path images = directory.resolve(name);
        TreeDump.run(new DumpRequest(victim.pid(), images, options, finish, Deadline.after(SECONDS)));
        if (finish == Finish.KILL) {
            TreeSnapshot.reap();
        }
        return images;
    }

    private static void restore(Path images) {
        TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
    }

    private void examine(Victim victim) throws Exception {
        victim.signal(SIGUSR1);
        Path result = directory.resolve("result");
        Victim.await(() -> Files.exists(result));
        assertEquals("PASS\n", Files.readString(result));
    }

    /** Names that a dump or a restore has made. */
    private List<String> made() throws Exception {
        try (Stream<Path> names = Files.list(directory)) {
            return names.map(name -> name.getFileName().toString())
                    .filter(name -> name.contains("link_remap") || name.contains("ghost"))
                    .toList();
        }
    }

    @Test
    void shouldBringBackWhatHasLostItsName() throws Exception {
        try (Victim victim = start("lost")) {
            Path once = dump(victim, "once", LINKS, Finish.KILL);
            assertEquals(1, made().size(), "one name for the file that has others");
            restore(once);
            assertEquals(List.of(), made());
            assertFalse(Files.exists(directory.resolve("gone")));
            restore(dump(victim, "twice", LINKS, Finish.KILL));
            assertEquals(List.of(), made());
            examine(victim);
        }
    }

    @Test
    void shouldNameTheOptionThatIsMissing() throws Exception {
        try (Victim victim = start("lost")) {
            BatonException refused =
                    assertThrows(BatonException.class, () -> dump(victim, "images", DumpOptions.DEFAULT, Finish.KILL));
            assertTrue(refused.toString().contains("--link-remap"), refused::toString);
            assertEquals(List.of(), made());
            examine(victim);
        }
    }

    /** The name belongs to the image: who removes, or replaces, the image, removes it. */
    @Test
    void shouldTakeTheNameAwayWithTheImage() throws Exception {
        try (Victim victim = start("lost")) {
            dump(victim, "images", LINKS, Finish.LEAVE_RUNNING);
            List<String> first = made();
            dump(victim, "images", LINKS, Finish.LEAVE_RUNNING);
            assertEquals(1, first.size());
            assertEquals(1, made().size(), "that of the first dump went with its image");
            examine(victim);
        }
    }

    @Test
    void shouldSayThatTheNameIsGone() throws Exception {
        try (Victim victim = start("lost")) {
            Path images = dump(victim, "images", LINKS, Finish.KILL);
            Path name = directory.resolve(made().get(0));
            Path kept = directory.resolve("kept");
            Files.move(name, kept);
            BatonException gone = assertThrows(BatonException.class, () -> restore(images));
            assertTrue(gone.message().contains("the one that the dump gave it is gone"), gone::message);
            Files.move(kept, name);
            restore(images);
            examine(victim);
        }
    }

    @Test
    void shouldSaveWhatIsWithinTheLimit() throws Exception {
        Path file = directory.resolve("large");
        Files.createFile(file);
        String script =
                "exec 7<>" + file + "; rm " + file + "; head -c " + LARGE + " /dev/zero | tr '\\0' x >&7; touch "
                        + directory.resolve("ready") + "; read line < " + directory.resolve("fifo");
        new ProcessBuilder("mkfifo", directory.resolve("fifo").toString())
                .start()
                .waitFor();
        try (Victim victim = Victim.run("/bin/bash", "-c", script)) {
            Victim.await(() -> Files.exists(directory.resolve("ready")));
            BatonException refused =
                    assertThrows(BatonException.class, () -> dump(victim, "images", DumpOptions.DEFAULT, Finish.KILL));
            assertTrue(refused.toString().contains("--ghost-limit"), refused::toString);
            FileOptions larger = new FileOptions(false, 2 * LARGE, false, false);
            restore(dump(victim, "images", DumpOptions.DEFAULT.with(larger), Finish.KILL));
            Path open = Path.of("/proc/" + victim.pid() + "/fd/7");
            assertEquals(LARGE, Files.size(open));
            assertFalse(Files.exists(file));
        }
    }
}
