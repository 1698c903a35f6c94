package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.task.linux.Prctl;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The samples of {@code docs/samples} do what they say: each is dumped and restored, twice. */
@Timeout(300)
class SamplesTest {
    private static final int SECONDS = 60;
    private static final int CYCLES = Integer.getInteger("baton.cycles", 2);

    @TempDir
    Path folder = Path.of("");

    private Path errors = Path.of("");
    private Path log = Path.of("");

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @BeforeEach
    void prepare() throws IOException {
        errors = Files.createFile(folder.resolve("errors"));
        log = folder.resolve("log");
    }

    @AfterEach
    void reap() {
        TreeSnapshot.reap();
    }

    private static Path found(String path) {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.exists(at.resolve(path))) {
                return at.resolve(path);
            }
        }
        throw new IllegalStateException("not there: " + path);
    }

    private void cycle(Victim victim) {
        Path images = folder.resolve("images-" + System.nanoTime());
        TreeDump.run(new DumpRequest(victim.pid(), images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS)));
        TreeSnapshot.reap();
        TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
    }

    private void expectLines(List<String> wanted) throws Exception {
        Victim.await(() -> Files.exists(log) && Files.readAllLines(log).equals(wanted), () -> {
            try {
                return wanted + ", but " + Files.readAllLines(log) + " " + Files.readString(errors);
            } catch (IOException e) {
                return e.toString();
            }
        });
    }

    private void shouldBeAsked(List<String> command) throws Exception {
        List<String> lines = new ArrayList<>(List.of("ready"));
        try (Victim victim = Victim.startProgram(errors, command)) {
            expectLines(lines);
            for (int i = 0; i < CYCLES; i++) {
                cycle(victim);
                lines.addAll(List.of("suspend", "restored"));
                expectLines(lines);
            }
        }
    }

    @Test
    void shouldAskTheSampleInC() throws Exception {
        Path program = folder.resolve("suspend");
        Path out = found("native/target/out");
        Process compiler = new ProcessBuilder(
                        "cc",
                        "-Wall",
                        "-Werror",
                        "-I" + out,
                        "-o",
                        program.toString(),
                        found("docs/samples/suspend.c").toString(),
                        "-L" + out,
                        "-lbaton-task",
                        "-Wl,-rpath," + out)
                .inheritIO()
                .start();
        assertEquals(0, compiler.waitFor());
        shouldBeAsked(List.of(program.toString(), log.toString()));
    }

    @Test
    void shouldAskTheSampleInPython() throws Exception {
        shouldBeAsked(List.of(
                "/usr/bin/python3",
                found("docs/samples/suspend.py").toString(),
                found("native/target/out/libbaton-task.so").toString(),
                log.toString()));
    }

    @Test
    void shouldAskTheSampleInJava() throws Exception {
        List<String> command = java("SuspendingApp");
        command.add(log.toString());
        shouldBeAsked(command);
    }

    @Test
    void shouldTellOrgCrac() throws Exception {
        int port = freePort();
        List<String> command = java("CracServer");
        command.add(1, "-Dorg.crac.Core.Compat=io.baton.task.crac");
        command.add(Integer.toString(port));
        try (Victim victim = Victim.startProgram(errors, command)) {
            long served = 0;
            assertEquals(++served, serves(port));
            for (int i = 0; i < CYCLES; i++) {
                cycle(victim);
                assertEquals(++served, serves(port));
            }
        }
    }

    /** With no option that would help Baton. */
    private List<String> java(String sample) {
        Path source = found("docs/samples/" + sample + ".java");
        String classes = System.getProperty("java.class.path");
        int failed = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-cp", classes, "-d", folder.toString(), source.toString());
        assertEquals(0, failed);
        return new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseG1GC",
                "-Xmx64m",
                "-Djava.io.tmpdir=" + folder, // where it unpacks its libraries
                "-cp",
                folder + ":" + classes,
                sample));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** What the server answers, as soon as it does. */
    private long serves(int port) throws Exception {
        List<String> answers = new ArrayList<>();
        Victim.await(
                () -> {
                    try {
                        URLConnection connection = URI.create("http://127.0.0.1:" + port + "/")
                                .toURL()
                                .openConnection();
                        connection.setRequestProperty("Connection", "close");
                        try (InputStream body = connection.getInputStream()) {
                            return answers.add(new String(body.readAllBytes(), StandardCharsets.UTF_8));
                        }
                    } catch (IOException e) {
                        return false;
                    }
                },
                () -> {
                    try {
                        return Files.readString(errors);
                    } catch (IOException e) {
                        return e.toString();
                    }
                });
        assertTrue(!answers.isEmpty());
        return Long.parseLong(answers.get(0).trim());
    }
}
