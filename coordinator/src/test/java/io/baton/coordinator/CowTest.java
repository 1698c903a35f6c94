package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.PreDumpRequest;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.dump.TreePreDump;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.coordinator.tracking.Increment;
import io.baton.mktree.image.ImageConversion;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageException;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageVersion;
import io.baton.mktree.image.proto.InventoryEntry;
import io.baton.task.linux.Prctl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory that processes share since their forks, and still share when they are restored. */
class CowTest {
    private static final int SEEDS = Integer.getInteger("baton.cows", 3);
    private static final long SECONDS = 60;
    private static final int MEGABYTE = 256;

    @TempDir
    Path directory;

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @Test
    void shouldKeepWhoSharesWhatInRandomTrees() throws Exception {
        for (int seed = 1; seed <= SEEDS; seed++) {
            try (CowTree tree = CowTree.start(directory, seed, 3 + seed % 17, 8 * MEGABYTE, 5 + seed % 40)) {
                assertKept(tree, directory.resolve("images-" + seed), "seed=" + seed);
            }
        }
    }

    /** A pre-forking server of 50 MB: neither the dump nor the restore makes it grow. */
    @Test
    void shouldNotBlowUpPreForkedServer() throws Exception {
        Path images = directory.resolve("images");
        try (CowTree tree = CowTree.start(directory, 0, 21, 50 * MEGABYTE, 20)) {
            long before = tree.proportionalSize();
            int[] shared = tree.sharing();
            dump(tree, images, Finish.LEAVE_RUNNING, DumpOptions.DEFAULT);
            assertArrayEquals(shared, tree.sharing(), "after the dump");
            assertTrue(size(images) < 60L << 20, "image has " + size(images) + " bytes");
            assertKept(tree, images, "star");
            long after = tree.proportionalSize();
            assertTrue(after < 1.1 * before, "before=" + before + " KB, after=" + after + " KB");
        }
    }

    /** What is too little to be stored once: to read it must not give each process a copy of its own. */
    @Test
    void shouldLeaveSmallMemoryShared() throws Exception {
        try (CowTree tree = CowTree.start(directory, 0, 6, 8, 2)) {
            int[] shared = tree.sharing();
            dump(tree, directory.resolve("images"), Finish.LEAVE_RUNNING, DumpOptions.DEFAULT);
            assertArrayEquals(shared, tree.sharing());
        }
    }

    @Test
    void shouldWritePlainImages() throws Exception {
        Path images = directory.resolve("images");
        try (CowTree tree = CowTree.start(directory, 0, 4, 4 * MEGABYTE, 20)) {
            int[] shared = tree.sharing();
            dump(tree, images, Finish.LEAVE_RUNNING, DumpOptions.DEFAULT.asPlain());
            assertArrayEquals(shared, tree.sharing(), "after the dump");
            assertEquals(ImageVersion.PLAIN, version(images));
            assertTrue(size(images) > 15L << 20, "image has " + size(images) + " bytes");
        }
    }

    /** Pages that a pre-dump has are found there, and are still shared. */
    @Test
    void shouldKeepSharingThroughChains() throws Exception {
        Path first = directory.resolve("first");
        Path second = directory.resolve("second");
        Path last = directory.resolve("last");
        try (CowTree tree = CowTree.start(directory, 5, 6, 4 * MEGABYTE, 20)) {
            int[] shared = tree.sharing();
            TreePreDump.run(new PreDumpRequest(tree.root(), first, null, Supervision.NONE));
            assertArrayEquals(shared, tree.sharing(), "after the pre-dump");
            TreeDump.run(request(tree, second, Finish.LEAVE_RUNNING, DumpOptions.DEFAULT)
                    .withIncrement(new Increment(true, Path.of("../first"))));
            TreeDump.run(request(tree, last, Finish.KILL, DumpOptions.DEFAULT)
                    .withIncrement(new Increment(false, Path.of("../second"))));
            restore(tree, last);
            assertEquals(0, tree.wrong());
        }
    }

    /** Made plain, and shared again by contents: the same memory each time. */
    @Test
    void shouldConvertImages() throws Exception {
        Path images = directory.resolve("images");
        Path plain = directory.resolve("plain");
        Path again = directory.resolve("again");
        try (CowTree tree = CowTree.start(directory, 0, 8, 4 * MEGABYTE, 20)) {
            long before = tree.proportionalSize();
            dump(tree, images, Finish.KILL, DumpOptions.DEFAULT);
            ImageConversion.convert(ImageDirectory.open(images), plain, false);
            assertEquals(ImageVersion.PLAIN, version(plain));
            restore(tree, plain);
            assertEquals(0, tree.wrong(), "plain");
            assertTrue(tree.proportionalSize() > 7 * 4 * 1024);
            ImageConversion.convert(ImageDirectory.open(plain), again, true);
            assertEquals(ImageVersion.SHARED_PAGES, version(again));
            assertTrue(size(again) < size(images) + (1 << 20), "image has " + size(again) + " bytes");
            tree.kill();
            restore(tree, again);
            long after = tree.proportionalSize();
            assertTrue(after < 1.1 * before, "before=" + before + " KB, after=" + after + " KB");
            assertEquals(0, tree.wrong(), "again");
            assertThrows(
                    ImageException.class, () -> ImageConversion.convert(ImageDirectory.open(images), plain, false));
        }
    }

    private void assertKept(CowTree tree, Path images, String what) throws Exception {
        int[] before = tree.sharing();
        dump(tree, images, Finish.KILL, DumpOptions.DEFAULT);
        assertEquals(ImageVersion.SHARED_PAGES, version(images));
        restore(tree, images);
        assertArrayEquals(before, tree.sharing(), what);
        assertEquals(0, tree.wrong(), what);
    }

    private static DumpRequest request(CowTree tree, Path images, Finish finish, DumpOptions options) {
        return new DumpRequest(tree.root(), images, options, finish, Deadline.after(SECONDS));
    }

    private static void dump(CowTree tree, Path images, Finish finish, DumpOptions options) {
        TreeDump.run(request(tree, images, finish, options));
    }

    private static void restore(CowTree tree, Path images) throws Exception {
        tree.awaitEnd();
        TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
    }

    private static int version(Path images) throws IOException {
        return ImageDirectory.open(images)
                .one(ImageKind.INVENTORY, 0, InventoryEntry.class)
                .getImgVersion();
    }

    private static long size(Path images) throws IOException {
        try (Stream<Path> files = Files.list(images)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        }
    }
}
