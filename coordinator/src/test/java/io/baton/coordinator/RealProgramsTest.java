package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Programs people use, saved and brought back again and again while they work. Each appends numbered lines to a log;
 * nothing may be lost, doubled or begun anew. The scripts are in {@code src/test/resources/programs}, the others in
 * {@code native/victims}.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RealProgramsTest {
    private static final int CYCLES = Integer.getInteger("baton.cycles", 10);
    private static final int SECONDS = 60;
    private static final int MOST_AGAIN = 100;
    private static final long AGAIN_MILLIS = 20;

    /** So that dumps do not all meet a program just after a line of its log (ms). */
    private static final int STRIDE = 7;

    private static final int LONGEST = 23;

    @TempDir
    Path directory = Path.of("");

    @BeforeAll
    static void adoptOrphans() {
        Prctl.setChildSubreaper(true);
    }

    @AfterEach
    void reapZombies() {
        TreeSnapshot.reap();
    }

    /** The number of names in its log; the interpreter; its script. */
    @ParameterizedTest(name = "{1} {2}")
    @CsvSource({
        "1, bash, loop.sh",
        "1, bash, pipeline.sh",
        "2, sh, traps.sh",
        "6, python3, threads.py",
        "4, python3, workers.py",
        "3, perl, workers.pl",
        "1, gawk -f, coprocess.awk",
    })
    void shouldGoOnWithScripts(int names, String interpreter, String script) throws Exception {
        String[] words = interpreter.split(" ");
        Optional<Path> program = find(words[0]);
        assumeTrue(program.isPresent(), () -> words[0] + " is not installed");
        List<String> command = new ArrayList<>(List.of(words));
        command.set(0, program.get().toString());
        command.add(Path.of(RealProgramsTest.class
                        .getResource("/programs/" + script)
                        .toURI())
                .toString());
        command.add(log().toString());
        goOn(names, command);
    }

    /** The number of names in its log; its name; more arguments. */
    @ParameterizedTest(name = "{1} {2}")
    @CsvSource({"8, vectors,", "8, vectors-static,", "5, timers,", "4, contention, threads", "4, contention, processes"
    })
    void shouldGoOnWithVictims(int names, String victim, String argument) throws Exception {
        List<String> command = new ArrayList<>(List.of(Victim.binary(victim).toString(), log().toString()));
        if (argument != null) {
            command.add(argument);
        }
        goOn(names, command);
    }

    /** Where a package puts it: a first of its name in PATH may be a script that looks for the program. */
    private static Optional<Path> find(String name) {
        return Stream.of("/usr/bin", "/bin", "/usr/local/bin")
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private Path log() {
        return directory.resolve("log");
    }

    private void goOn(int names, List<String> command) throws Exception {
        Path log = Files.createFile(log());
        Path errors = Files.createFile(directory.resolve("errors"));
        try (Sequences sequences = new Sequences(log);
                Victim victim = Victim.startProgram(errors, command)) {
            for (int cycle = 0; cycle < CYCLES; cycle++) {
                sequences.awaitProgress(names);
                Thread.sleep(cycle * STRIDE % LONGEST);
                Path images = directory.resolve("images-" + cycle);
                TreeDump.run(new DumpRequest(
                        victim.pid(), images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS)));
                TreeSnapshot.reap();
                restore(images);
            }
            sequences.awaitProgress(names);
            assertEquals("", Files.readString(errors));
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; standard error: " + Files.readString(errors), e);
        }
    }

    /** While the tree is down its pids are anybody's, for a moment. */
    private static void restore(Path images) throws InterruptedException {
        for (int again = 0; ; again++) {
            try {
                TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
                return;
            } catch (BatonException e) {
                if (e.code() != ErrorCode.PID_TAKEN || again == MOST_AGAIN) {
                    throw e;
                }
                Thread.sleep(AGAIN_MILLIS);
            }
        }
    }
}
