package io.baton.coordinator.dump;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.Victim.Counts;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.state.DumpOptions;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.InventoryEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.tree.TreeFromImage;
import io.baton.task.linux.ProcFs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TreeDumpTest {
    private static final int SIGRTMIN = 34;

    private final ProcFs proc = new ProcFs();

    @TempDir
    Path directory;

    private void dump(Victim victim, Path images, Finish finish) {
        TreeDump.run(new DumpRequest(victim.pid(), images, DumpOptions.DEFAULT, finish, Deadline.after(30)));
    }

    @Test
    void shouldWriteAWholeImageAndLetTheTreeRunOn() throws Exception {
        Path images = directory.resolve("image");
        try (Victim victim = Victim.startTree(directory, "family", 0)) {
            dump(victim, images, Finish.LEAVE_RUNNING);

            ImageDirectory image = ImageDirectory.open(images);
            image.verify(true);
            List<PstreeEntry> rows = image.all(ImageKind.PSTREE, 0, PstreeEntry.class);
            assertEquals(6, rows.size());
            assertEquals(victim.pid(), rows.get(0).getPid());
            assertEquals(6, TreeFromImage.read(image).tasks().size());
            CoreEntry zombie = image.one(ImageKind.CORE, rows.get(4).getPid(), CoreEntry.class);
            assertEquals(List.of(0), rows.get(4).getThreadsList());
            assertEquals(2, zombie.getTc().getTaskState());
            assertEquals(200 << 8, zombie.getTc().getExitCode());
            PstreeEntry dead = rows.get(5);
            assertTrue(dead.getLeaderDead());
            assertEquals(3, dead.getThreadsCount());
            assertFalse(
                    image.one(ImageKind.CORE, dead.getPid(), CoreEntry.class).hasThreadInfo());
            assertTrue(image.one(ImageKind.CORE, dead.getThreads(1), CoreEntry.class)
                    .hasThreadInfo());
            assertEquals(
                    2, image.one(ImageKind.INVENTORY, 0, InventoryEntry.class).getImgVersion());
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(images)));
            Victim.await(() -> proc.stat(victim.pid()).state() == 'S');
        }
    }

    @Test
    void shouldKillTheTreeByDefault() throws Exception {
        try (Victim victim = Victim.startTree(directory, "star", 20)) {
            int[] children = proc.children(victim.pid(), victim.pid());
            dump(victim, directory.resolve("image"), Finish.KILL);

            assertFalse(victim.isAlive());
            for (int child : children) {
                Victim.await(() -> !Files.exists(Path.of("/proc/" + child + "/exe")));
            }
        }
    }

    @Test
    void shouldLeaveTheTreeStopped() throws Exception {
        try (Victim victim = Victim.startTree(directory, "star", 3)) {
            dump(victim, directory.resolve("image"), Finish.LEAVE_STOPPED);

            Victim.await(() -> proc.stat(victim.pid()).state() == 'T');
            for (int child : proc.children(victim.pid(), victim.pid())) {
                Victim.await(() -> proc.stat(child).state() == 'T');
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-static"})
    void shouldLoseNothingInTwentyDumps(String variant) throws Exception {
        Path file = directory.resolve("counts");
        Path images = directory.resolve("image");
        try (Victim victim = Victim.startSteady(file, variant)) {
            Counts counts = new Counts(file);
            for (int cycle = 0; cycle < 20; cycle++) {
                for (int i = 0; i < 20; i++) {
                    victim.queue(SIGRTMIN);
                }
                dump(victim, images, Finish.LEAVE_RUNNING);
                counts.awaitProgress();
            }
            Victim.await(() -> counts.get(Counts.SIGNALS) >= 400);
            counts.awaitProgress();

            assertEquals(400, counts.get(Counts.SIGNALS));
            assertEquals(0, counts.get(Counts.ERRORS), Long.toHexString(counts.get(Counts.LAST_ERROR)));
        }
    }

    @Test
    void shouldRefuseAllAtOnceAndTouchNothing() throws Exception {
        Path images = directory.resolve("image");
        try (Victim victim = Victim.startTree(directory, "userfaults", 2)) {
            BatonException refused = assertThrows(BatonException.class, () -> dump(victim, images, Finish.KILL));

            assertEquals(ErrorCode.UNSUPPORTED, refused.code());
            assertEquals(3, refused.message().lines().count(), refused.message());
            assertFalse(Files.exists(images));
            Victim.await(() -> proc.stat(victim.pid()).state() == 'S');
        }
    }

    @Test
    void shouldKeepAnEarlierImageWhenItRefuses() throws Exception {
        Path images = directory.resolve("image");
        try (Victim good = Victim.startTree(directory, "star", 1);
                Victim bad = Victim.startTree(directory, "userfaults", 1)) {
            dump(good, images, Finish.LEAVE_RUNNING);
            assertThrows(BatonException.class, () -> dump(bad, images, Finish.KILL));

            ImageDirectory.open(images).verify(true);
        }
    }

    @Test
    void shouldLetTheTreeRunOnWhenTheDiskIsFull() throws Exception {
        Path small = Files.createDirectory(directory.resolve("small"));
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", small.toString()));
        try (Victim victim = Victim.startTree(directory, "star", 20)) {
            int maps = proc.maps(victim.pid()).size();
            BatonException full =
                    assertThrows(BatonException.class, () -> dump(victim, small.resolve("image"), Finish.KILL));

            assertEquals(ErrorCode.IMAGE_IO, full.code(), full.message());
            assertFalse(Files.exists(small.resolve("image")));
            Victim.await(() -> proc.stat(victim.pid()).state() == 'S');
            assertEquals(maps, proc.maps(victim.pid()).size());
            assertEquals(20, proc.children(victim.pid(), victim.pid()).length);
        } finally {
            run("umount", small.toString());
        }
    }

    private static boolean run(String... command) throws Exception {
        return new ProcessBuilder(command).start().waitFor() == 0;
    }
}
