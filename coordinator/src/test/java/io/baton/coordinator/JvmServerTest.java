package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.task.linux.Prctl;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A plain JVM with a warm web server, saved and brought back again and again: it serves again, and goes on counting. The
 * JVM is that of {@code -Dbaton.jvm} (a directory), or our own.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class JvmServerTest {
    private static final int CYCLES = Integer.getInteger("baton.jvmcycles", 3);
    private static final String JVM = System.getProperty("baton.jvm", System.getProperty("java.home"));
    private static final int SECONDS = 60;
    private static final int WARM = 2000;
    private static final int SOME = 50;
    private static final int PATIENCE_MILLIS = 10_000;

    @TempDir
    Path directory = Path.of("");

    private int port;
    private long asked;
    private final List<Long> times = new ArrayList<>();

    @BeforeAll
    static void adoptOrphans() {
        Prctl.setChildSubreaper(true);
    }

    @AfterEach
    void reapZombies() {
        TreeSnapshot.reap();
    }

    /** Whether it gives its port away before the dump, as a resource with callbacks does. */
    @ParameterizedTest(name = "closes its port: {0}")
    @ValueSource(booleans = {true, false})
    void shouldServeAgain(boolean closes) throws Exception {
        Path errors = Files.createFile(directory.resolve("errors"));
        try (Victim victim = Victim.startProgram(errors, command())) {
            Victim.await(() -> Files.exists(state()), () -> "server is ready");
            port = Integer.parseInt(Files.readString(state()).split(" ")[1]);
            ask(WARM);
            for (int cycle = 1; cycle <= CYCLES; cycle++) {
                cycle(victim, closes, cycle);
                ask(SOME);
            }
            assertEquals("", Files.readString(errors));
        }
        Collections.sort(times);
        System.out.printf(
                "%s, closes=%b: first answer after the start of %d restores: median %d ms, longest %d ms%n",
                JVM, closes, CYCLES, times.get(times.size() / 2), times.get(times.size() - 1));
    }

    private List<String> command() {
        Path classes = Path.of("target/test-classes").toAbsolutePath();
        return List.of(
                JVM + "/bin/java",
                "-XX:+UseG1GC",
                "-Xmx128m",
                "-cp",
                classes.toString(),
                CounterServer.class.getName(),
                directory.toString());
    }

    private Path state() {
        return directory.resolve("state");
    }

    private void cycle(Victim victim, boolean closes, int cycle) throws Exception {
        if (closes) {
            tell("close " + cycle);
        }
        Path images = directory.resolve("images-" + cycle);
        TreeDump.run(new DumpRequest(victim.pid(), images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS)));
        TreeSnapshot.reap();
        long start = System.nanoTime();
        restore(images);
        if (closes) {
            tell("open " + cycle);
        }
        ask(1);
        times.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
    }

    /** While it is down its pids are anybody's, for a moment. */
    private static void restore(Path images) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        while (true) {
            try {
                TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
                return;
            } catch (BatonException e) {
                if (e.code() != ErrorCode.PID_TAKEN || System.nanoTime() > end) {
                    throw e;
                }
                Thread.sleep(1);
            }
        }
    }

    private void tell(String word) throws Exception {
        Files.writeString(directory.resolve("command"), word + "\n");
        Victim.await(() -> Files.readString(state()).equals(word + " " + port), () -> word);
    }

    /** Each answer is one more than the last. */
    private void ask(int times) throws IOException {
        for (int i = 0; i < times; i++) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setSoTimeout(PATIENCE_MILLIS);
                socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
                assertEquals(Long.toString(++asked), answer.substring(answer.lastIndexOf('\n') + 1), answer);
            }
        }
    }
}
