package io.baton.coordinator.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.error.ErrorCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class MktreeCommandTest {
    private static final int USAGE = 2;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void shouldMakeAShape() {
        assertEquals(0, execute("mktree", "--shape", "random", "--size", "30", "--seed", "7", "--once"), err::toString);
        assertTrue(out.toString().contains("30 processes, "), out.toString());
    }

    @Test
    void shouldAddThreadsAndZombies() {
        assertEquals(
                0,
                execute("mktree", "--shape=star", "--size=4", "--threads=3", "--zombies=1", "--exit", "--json"),
                err::toString);
        assertTrue(out.toString().startsWith("{\n \"tasks\": 10,"), out.toString());
        assertEquals(2, out.toString().split("\"zombie\": true", -1).length);
    }

    @Test
    void shouldMakeWhatATextSays(@TempDir final Path directory) throws IOException {
        final Path file = Files.writeString(directory.resolve("spec"), "pid=+0\npid=+1 sid=+1 zombie=exit:200\n");
        assertEquals(0, execute("mktree", file.toString(), "--once"), err::toString);
        assertTrue(out.toString().contains("exited with code 200"), out.toString());
    }

    @Test
    void shouldRefuseWhatIsNoTree() {
        assertEquals(USAGE, execute("mktree", "--shape", "blob", "--once"));
        assertEquals(USAGE, execute("mktree"));
    }

    @Test
    void shouldNamePidsThatAreTaken() {
        assertEquals(
                ErrorCode.PID_TAKEN.exitStatus(),
                execute("mktree", "--shape", "star", "--size", "1", "--base", "1", "--once"));
        assertTrue(err.toString().contains("taken: [1]"), err.toString());
    }

    private int execute(final String... args) {
        return Main.commandLine(args)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(args);
    }
}
