package io.baton.coordinator.state.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.task.linux.Signals;
import io.baton.task.linux.Spawner;
import io.baton.task.linux.Wait;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A C program of the test resources, compiled and run; it writes a file {@code ready} and sleeps. */
final class Victim implements AutoCloseable {
    private final int pid;
    private final String ready;

    private Victim(int pid, String ready) {
        this.pid = pid;
        this.ready = ready;
    }

    static Victim start(Path directory, String name, String... arguments) throws IOException, InterruptedException {
        Path source = directory.resolve(name + ".c");
        Path program = directory.resolve(name);
        try (InputStream text = Victim.class.getResourceAsStream(name + ".c")) {
            assertTrue(text != null);
            Files.copy(text, source);
        }
        Process compiler = new ProcessBuilder("cc", "-O1", "-o", program.toString(), source.toString())
                .inheritIO()
                .start();
        assertEquals(0, compiler.waitFor());
        List<String> all = new ArrayList<>(List.of(name, directory.toString()));
        all.addAll(List.of(arguments));
        int pid = new Spawner(program.toString(), all.toArray(String[]::new))
                .newSession()
                .spawn();
        Path ready = directory.resolve("ready");
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!Files.exists(ready)) {
            assertTrue(System.nanoTime() < until, "victim is not ready");
            Thread.sleep(5);
        }
        return new Victim(pid, Files.readString(ready));
    }

    int pid() {
        return pid;
    }

    /** What it wrote. */
    String ready() {
        return ready;
    }

    @Override
    public void close() {
        Signals.kill(pid, Signals.SIGKILL);
        Wait.wait4(pid, Wait.WALL);
    }
}
