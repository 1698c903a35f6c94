package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Signals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Processes that checkpoint themselves: each call returns a positive id, the one restored from its image returns 0 from
 * it, and goes on to checkpoint itself again.
 */
@Timeout(600)
class SelfCheckpointTest {
    private static final int ROUNDS = Integer.getInteger("baton.selves", 3);
    private static final int SECONDS = 60;

    @TempDir
    Path folder = Path.of("");

    private Path launcher = Path.of("");
    private Path log = Path.of("");
    private Path images = Path.of("");
    private @Nullable Path frozen;

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @BeforeEach
    void prepare() throws IOException {
        launcher = launcher(folder);
        log = Files.createFile(folder.resolve("log"));
        images = Files.createDirectory(folder.resolve("images"));
    }

    @AfterEach
    void reap() {
        TreeSnapshot.reap();
    }

    @Test
    void shouldReturnTwiceFromC() throws Exception {
        shouldReturnTwice(Victim.start("task-checkpoints", launcher, log, images, ROUNDS, "--no-journal", "-v1"));
    }

    @Test
    void shouldReturnTwiceFromJava() throws Exception {
        List<String> command = java();
        command.addAll(List.of(
                SelfCheckpoints.class.getName(),
                launcher.toString(),
                log.toString(),
                images.toString(),
                Integer.toString(ROUNDS)));
        Path errors = Files.createFile(folder.resolve("errors"));
        shouldReturnTwice(Victim.startProgram(errors, command));
    }

    /** As CRaC does it: the JVM ends, and its call returns in the one that is restored. */
    @Test
    void shouldReturnOnceByOrgCrac() throws Exception {
        List<String> command = java();
        command.addAll(
                1,
                List.of(
                        "-Dorg.crac.Core.Compat=io.baton.task.crac",
                        "-Dbaton.task.launcher=" + launcher,
                        "-Dbaton.task.checkpointTo=" + images));
        command.addAll(List.of(CracSelf.class.getName(), log.toString()));
        List<String> before = List.of("before second", "before first");
        try (Victim victim = Victim.startProgram(Files.createFile(folder.resolve("errors")), command)) {
            Victim.await(() -> !victim.isAlive(), this::logged);
            assertEquals(before, Files.readAllLines(log));
        }
        TreeSnapshot.reap();
        int root = restored(images);
        List<String> all = new ArrayList<>(before);
        all.addAll(List.of("after first", "after second", "back"));
        Victim.await(() -> Files.readAllLines(log).equals(all), this::logged);
        try (TreeSnapshot snapshot = new TreeSnapshot()) {
            snapshot.kill(root);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/sys/fs/cgroup/freezer", "/sys/fs/cgroup/unified"})
    void shouldReturnTwiceInAHierarchy(Path hierarchy) throws Exception {
        shouldReturnTwiceInAGroup(
                hierarchy,
                group -> Victim.start("task-hierarchy", launcher, log, images, ROUNDS, group, "--no-journal", "-v1"));
    }

    /** A shell with workers, all but the JVM in the group. */
    @ParameterizedTest
    @ValueSource(strings = {"/sys/fs/cgroup/freezer", "/sys/fs/cgroup/unified"})
    void shouldReturnTwiceFromJavaInAHierarchy(Path hierarchy) throws Exception {
        Path errors = Files.createFile(folder.resolve("errors"));
        shouldReturnTwiceInAGroup(hierarchy, group -> {
            List<String> command = java();
            command.addAll(List.of(
                    SelfCheckpoints.class.getName(),
                    launcher.toString(),
                    log.toString(),
                    images.toString(),
                    Integer.toString(ROUNDS),
                    group.toString()));
            String script = String.join(" ", command) + " & echo 0 >" + group + "/cgroup.procs; "
                    + "sleep 1000 & while :; do :; done & wait";
            return Victim.startProgram(errors, List.of("/bin/sh", "-c", script));
        });
    }

    private void shouldReturnTwiceInAGroup(Path hierarchy, Function<Path, Victim> starter) throws Exception {
        assumeTrue(Files.isWritable(hierarchy), "no freezer here: " + hierarchy);
        Path group = Files.createDirectory(
                hierarchy.resolve("baton-self-" + ProcessHandle.current().pid()));
        frozen = group;
        try {
            shouldReturnTwice(starter.apply(group));
        } finally {
            Victim.await(() -> group.toFile().delete());
        }
    }

    @Test
    void shouldRefuseWhoRunsInTheHierarchy() throws Exception {
        Path elsewhere = Files.createDirectory(folder.resolve("nothing"));
        Files.createFile(elsewhere.resolve("cgroup.procs"));
        Files.createFile(elsewhere.resolve("cgroup.freeze"));
        Files.writeString(elsewhere.resolve("cgroup.events"), "frozen 1");
        try (Victim victim =
                Victim.start("task-hierarchy", launcher, log, images, 1, elsewhere, "--no-journal", "-v1")) {
            Victim.await(() -> logged().contains("\n0 -"));
            assertTrue(logged().contains("runs, while another one checkpoints the hierarchy"), this::logged);
            assertTrue(victim.isAlive());
            assertEquals(0, images.toFile().list().length);
        }
    }

    /** Who is frozen by the v1 freezer cannot die; and as long as the caller lives, it may freeze the others. */
    private void end(int root) throws IOException {
        ProcessHandle.of(root)
                .ifPresent(handle ->
                        handle.descendants().forEach(child -> Signals.kill((int) child.pid(), Signals.SIGKILL)));
        Signals.kill(root, Signals.SIGKILL);
        Path group = frozen;
        if (group != null) {
            Path state = group.resolve("freezer.state");
            if (Files.exists(state)) {
                Files.writeString(state, "THAWED");
            } else {
                Files.writeString(group.resolve("cgroup.freeze"), "0");
            }
        }
    }

    private void shouldReturnTwice(Victim victim) throws Exception {
        try (victim) {
            Set<Integer> ids = new HashSet<>();
            try {
                for (int round = 0; round < ROUNDS; round++) {
                    int id = result(round);
                    assertTrue(id > 0, this::logged);
                    ids.add(id);
                }
                assertEquals(ROUNDS, ids.size(), this::logged);
                assertTrue(victim.isAlive());
            } finally {
                end(victim.pid());
            }
        }
        TreeSnapshot.reap();
        for (int round = 0; round < ROUNDS; round++) {
            Files.writeString(log, "");
            int root = restored(images.resolve(Integer.toString(round)));
            try {
                assertEquals(0, result(round), this::logged);
                if (round + 1 < ROUNDS) {
                    assertTrue(result(round + 1) > 0, this::logged);
                }
            } finally {
                end(root);
            }
            awaitEnd(root);
        }
    }

    private static void awaitEnd(int root) throws Exception {
        Victim.await(() -> {
            TreeSnapshot.reap();
            return ProcessHandle.of(root).isEmpty();
        });
    }

    private static int restored(Path image) {
        return TreeRestore.run(image, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS))
                .child();
    }

    /** What the call of that round has returned. */
    private int result(int round) throws Exception {
        String prefix = round + " ";
        Victim.await(
                () -> Files.readString(log).lines().anyMatch(line -> line.startsWith(prefix)),
                () -> "round " + round + ": " + logged());
        String line = Files.readAllLines(log).stream()
                .filter(text -> text.startsWith(prefix))
                .findFirst()
                .orElseThrow();
        String result = line.substring(prefix.length());
        assertTrue(result.chars().allMatch(Character::isDigit), this::logged);
        return Integer.parseInt(result);
    }

    private String logged() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private List<String> java() {
        return new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseG1GC",
                "-Xmx64m",
                "-Djna.boot.library.path=" + System.getProperty("jna.boot.library.path", ""),
                "-Djna.nounpack=true",
                "-Djava.io.tmpdir=" + folder, // one who is killed in the middle of a call leaves its log
                "-cp",
                System.getProperty("java.class.path")));
    }

    /** A launcher that runs what is being tested. */
    static Path launcher(Path folder) throws IOException {
        Path script = folder.resolve("baton");
        Files.writeString(
                script,
                "#!/bin/sh\nexec " + System.getProperty("java.home")
                        + "/bin/java -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
                        + " --add-opens=java.base/jdk.internal.misc=ALL-UNNAMED -Djna.nounpack=true"
                        + " -Djna.boot.library.path=" + System.getProperty("jna.boot.library.path", "")
                        + " -cp " + System.getProperty("java.class.path") + " io.baton.coordinator.cli.Main \"$@\"\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return script;
    }
}
