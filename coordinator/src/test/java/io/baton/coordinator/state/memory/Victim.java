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
import java.util.concurrent.TimeUnit;

/** A running {@code victim.c}. */
final class Victim implements AutoCloseable {
    private final int pid;
    private final long brk;

    private Victim(int pid, long brk) {
        this.pid = pid;
        this.brk = brk;
    }

    static Victim start(Path directory) throws IOException, InterruptedException {
        Path source = directory.resolve("victim.c");
        Path program = directory.resolve("victim");
        try (InputStream text = Victim.class.getResourceAsStream("victim.c")) {
            assertTrue(text != null);
            Files.copy(text, source);
        }
        Process compiler = new ProcessBuilder("cc", "-O1", "-o", program.toString(), source.toString())
                .inheritIO()
                .start();
        assertEquals(0, compiler.waitFor());
        int pid = new Spawner(program.toString(), "victim", directory.toString())
                .newSession()
                .spawn();
        Path ready = directory.resolve("ready");
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!Files.exists(ready)) {
            assertTrue(System.nanoTime() < until, "victim is not ready");
            Thread.sleep(5);
        }
        return new Victim(pid, Long.parseLong(Files.readString(ready)));
    }

    int pid() {
        return pid;
    }

    long brk() {
        return brk;
    }

    @Override
    public void close() {
        Signals.kill(pid, Signals.SIGKILL);
        Wait.wait4(pid, Wait.WALL);
    }
}
