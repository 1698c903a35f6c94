package io.baton.coordinator.robust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.mktree.image.Manifest;
import io.baton.task.linux.Prctl;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A damaged image ends in an error that names its file, or, without a manifest to hold it against, in an error or a
 * restore; never in a hang, a defect of ours or a process left behind. {@code -Dbaton.damage.stride=1} tries all.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class DamagedImagesTest {
    private static final int STRIDE = Integer.getInteger("baton.damage.stride", 37);
    private static final int PAGES_STRIDE = Math.max(STRIDE, Integer.getInteger("baton.damage.pages", 499));
    private static final int SECONDS = 60;
    private static final long TIMEOUT = TimeUnit.SECONDS.toNanos(30);
    /** As it would run wild, it must not run. */
    private static final RestoreOptions STOPPED = new RestoreOptions(false, true, false, false);

    private static final RestoreOptions VERIFIED = new RestoreOptions(false, true, true, false);
    /** What damage never is. */
    private static final Set<ErrorCode> OURS = Set.of(ErrorCode.INTERNAL, ErrorCode.TIMEOUT, ErrorCode.IMAGE_IO);

    private static final int MOST_TOLD = 40;

    @TempDir
    Path folder = Path.of("");

    private final Map<String, Integer> ends = new TreeMap<>();
    private final List<String> faults = new ArrayList<>();
    private int trials;

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @AfterEach
    void endAll() throws IOException {
        Descendants.end();
        Files.deleteIfExists(Path.of("core")); // of tasks whose registers were damaged
    }

    @ParameterizedTest
    @ValueSource(strings = {"family", "state"})
    void shouldRefuseEveryDamageToAnImageWithManifest(final String tree) throws Exception {
        final Path images = dump(tree);
        final Damage damage = new Damage(STRIDE);
        for (final Path file : Damage.files(images, false)) {
            damage.change(file, false, (damaged, how) -> expectRefusal(images, damaged, how));
            damage.cut(file, (damaged, how) -> expectRefusal(images, damaged, how));
        }
        final Damage ofPages = new Damage(PAGES_STRIDE);
        for (final Path file : Damage.files(images, true)) {
            ofPages.change(file, false, (damaged, how) -> expectRefusal(images, damaged, how));
            ofPages.cut(file, (damaged, how) -> expectRefusal(images, damaged, how));
        }
        final Path manifest = images.resolve(Manifest.FILE_NAME);
        damage.change(manifest, false, (damaged, how) -> expectRefusal(images, damaged, how));
        new Damage(STRIDE).cut(manifest, (damaged, how) -> expectRefusal(images, damaged, how));
        report("damages to an image of " + tree + " with manifest refused");
        assertTrue(restores(images, VERIFIED), "the image is good as it was");
    }

    @ParameterizedTest
    @ValueSource(strings = {"family", "state"})
    void shouldFailOrRestoreButNothingElseWithoutManifest(final String tree) throws Exception {
        final Path images = dump(tree);
        Files.delete(images.resolve(Manifest.FILE_NAME));
        final int descriptors = descriptors();
        final Damage damage = new Damage(STRIDE);
        for (final Path file : Damage.files(images, false)) {
            damage.change(file, true, (damaged, how) -> expectAnEnd(images, damaged, how));
            damage.cut(file, (damaged, how) -> expectAnEnd(images, damaged, how));
        }
        for (final Path file : Damage.files(images, true)) {
            new Damage(PAGES_STRIDE).cut(file, (damaged, how) -> expectAnEnd(images, damaged, how));
        }
        report("damages to an image of " + tree + " without manifest");
        assertTrue(restores(images, STOPPED), "the image is good as it was");
        Descendants.end();
        assertTrue(descriptors() <= descriptors + 2, "descriptors: " + descriptors + " before, " + descriptors());
    }

    private void report(final String what) {
        System.out.println(what + ": " + trials + " " + ends);
        faults.stream().limit(MOST_TOLD).forEach(System.out::println);
        assertEquals(List.of(), faults.stream().limit(1).toList(), faults.size() + " faults");
    }

    private static int descriptors() throws IOException {
        try (Stream<Path> list = Files.list(Path.of("/proc/self/fd"))) {
            return (int) list.count();
        }
    }

    private void expectRefusal(final Path images, final Path damaged, final String how) {
        trials++;
        final String name = String.valueOf(damaged.getFileName());
        try {
            TreeRestore.run(images, VERIFIED, TIMEOUT);
            fault(name, how, "restored");
        } catch (final BatonException e) {
            ends.merge(e.code().name(), 1, Integer::sum);
            if (e.code() != ErrorCode.BAD_IMAGE || !e.message().contains(name)) {
                fault(name, how, e.code() + ": " + e.message());
            }
        } catch (final RuntimeException | Error e) {
            fault(name, how, trace(e));
        }
        expectNobody(name, how);
    }

    private void expectAnEnd(final Path images, final Path damaged, final String how) {
        trials++;
        final String name = String.valueOf(damaged.getFileName());
        try {
            TreeRestore.run(images, STOPPED, TIMEOUT);
            ends.merge("restored", 1, Integer::sum);
            Descendants.end();
        } catch (final BatonException e) {
            ends.merge(e.code().name(), 1, Integer::sum);
            if (OURS.contains(e.code()) || e.getSuppressed().length > 0) {
                fault(name, how, e.code() + ": " + trace(e));
            }
        } catch (final RuntimeException | Error e) {
            fault(name, how, trace(e));
        }
        expectNobody(name, how);
    }

    private void expectNobody(final String name, final String how) {
        if (!Descendants.isNone()) {
            fault(name, how, "left behind: " + Descendants.list());
            Descendants.end();
        }
    }

    private static String trace(final Throwable e) {
        final StringWriter text = new StringWriter();
        e.printStackTrace(new PrintWriter(text));
        return text.toString().lines().limit(8).reduce("", (a, b) -> a + System.lineSeparator() + "    " + b.strip());
    }

    private void fault(final String name, final String how, final String what) {
        faults.add(name + ", " + how + ": " + what);
    }

    private static boolean restores(final Path images, final RestoreOptions options) {
        return TreeRestore.run(images, options, TimeUnit.SECONDS.toNanos(SECONDS))
                        .root()
                > 0;
    }

    private Path dump(final String tree) throws Exception {
        final Path images = folder.resolve("images");
        final Path report = folder.resolve("report");
        try (Victim victim = tree.equals("family")
                ? Victim.startTree(folder, "family", 0)
                : Victim.start("state-static", report, "tz")) {
            if (!tree.equals("family")) {
                Victim.await(() -> Files.exists(folder.resolve("report.before")));
            }
            TreeDump.run(
                    new DumpRequest(victim.pid(), images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS)));
        }
        Descendants.end();
        return images;
    }
}
