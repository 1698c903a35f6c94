package io.baton.coordinator.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Writers that are killed by SIGKILL at any moment: what is read is the beginning of what they told. */
@Timeout(120)
class KilledJournalTest {
    private static final int ROUNDS = 8;

    @TempDir
    Path folder = Path.of("");

    @Test
    void shouldKeepWhatWasToldBeforeTheKill() throws Exception {
        final Random random = new Random(7);
        for (int round = 0; round < ROUNDS; round++) {
            final StateDirectory state = StateDirectory.at(folder.resolve("round-" + round));
            final Process writer = start(state, round);
            while (state.list().isEmpty() || state.list().get(0).glance().coordinator() == null) {
                assertTrue(writer.isAlive(), "writer ended by itself");
                Thread.sleep(1);
            }
            Thread.sleep(random.nextInt(60));
            writer.destroyForcibly().waitFor();
            final OperationJournal operation = state.list().get(0);
            final Calls read = new Calls();
            operation.replay(read);
            final List<String> told = EndlessJournal.told(round).lines();
            assertEquals(told.subList(0, read.lines().size()), read.lines(), "round " + round);
            final Story story = operation.read();
            assertFalse(story.hasEnded());
            assertNotNull(story.coordinator());
            assertFalse(operation.isUnderWay());
        }
    }

    private static Process start(final StateDirectory state, final int seed) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                        "-Djna.boot.library.path=" + System.getProperty("jna.boot.library.path", ""),
                        "-Djna.nounpack=true",
                        "-cp",
                        System.getProperty("java.class.path"),
                        EndlessJournal.class.getName(),
                        state.path().toString(),
                        Integer.toString(seed))
                .inheritIO()
                .start();
    }
}
