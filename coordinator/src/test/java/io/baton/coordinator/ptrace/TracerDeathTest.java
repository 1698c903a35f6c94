package io.baton.coordinator.ptrace;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.coordinator.Victim;
import io.baton.coordinator.Victim.Counts;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tree outlives us, whenever we die. */
class TracerDeathTest {
    @TempDir
    Path directory;

    private static Process tracer(Victim victim, int millis) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java",
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Djna.boot.library.path=" + System.getProperty("jna.boot.library.path"),
                "-Djna.nounpack=true",
                "-cp",
                System.getProperty("java.class.path"),
                EndlessAsk.class.getName(),
                Integer.toString(victim.pid()),
                Integer.toString(millis)));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        assertEquals("ready", out.readLine());
        return process;
    }

    @Test
    void shouldHealAThreadThatIsAnswering() throws Exception {
        Path file = directory.resolve("counts");
        try (Victim victim = Victim.startSteady(file, "")) {
            Counts counts = new Counts(file);
            Process tracer = tracer(victim, 900);
            Thread.sleep(700); // all threads are in their programs, or about to be
            tracer.destroyForcibly().waitFor();

            counts.awaitProgress();
            assertEquals(0, counts.get(Counts.ERRORS), Long.toHexString(counts.get(Counts.LAST_ERROR)));
        }
    }

    @Test
    void shouldHealWheneverItIsKilled() throws Exception {
        Path file = directory.resolve("counts");
        try (Victim victim = Victim.startSteady(file, "-static")) {
            Counts counts = new Counts(file);
            for (int round = 0; round < 15; round++) {
                Process tracer = tracer(victim, 0);
                Thread.sleep(150 + 37L * round);
                tracer.destroyForcibly().waitFor();
                counts.awaitProgress();
            }
            assertEquals(0, counts.get(Counts.ERRORS), Long.toHexString(counts.get(Counts.LAST_ERROR)));
        }
    }
}
