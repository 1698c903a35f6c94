package io.baton.coordinator.ptrace;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.coordinator.Victim;
import io.baton.coordinator.Victim.Counts;
import io.baton.mktree.launch.NativeFiles;
import io.baton.task.linux.Errno;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AskRunnerTest {
    private static final int SIGRTMIN = 34;

    private final Deadline deadline = Deadline.after(60);

    @TempDir
    Path directory;

    private static List<Ask> askAll(SeizedTree tree) {
        List<Ask> asks = new ArrayList<>();
        for (SeizedProcess process : tree.processes()) {
            for (SeizedThread thread : process.threads()) {
                ProgramBuilder program = new ProgramBuilder();
                program.call(SyscallNumber.GETTID).result();
                program.call(SyscallNumber.GETPID).result();
                program.call(SyscallNumber.CLOSE).value(-1).result();
                int stack = program.reserve(24);
                program.call(SyscallNumber.SIGALTSTACK).value(0).data(stack).result();
                program.call(SyscallNumber.CLOSE).value(-1); // fails, and nobody minds
                asks.add(new Ask(thread, program));
            }
        }
        return asks;
    }

    private AskRunner runner(SeizedTree tree) {
        return new AskRunner(tree.proc(), NativeFiles.runner(), NativeFiles.ASK_OFFSET, deadline);
    }

    private static long result(Ask ask, int index) {
        return ask.block().getLong(ProgramBuilder.resultOffset(index));
    }

    @Test
    void shouldBringAnswersOfAllThreads() throws Exception {
        try (Victim victim = Victim.startTree(directory, "family", 0);
                SeizedTree tree = TreeSeizer.seize(victim.pid(), deadline);
                AskRunner runner = runner(tree)) {
            List<Ask> asks = askAll(tree);
            runner.run(asks);

            assertEquals(8, asks.size());
            for (Ask ask : asks) {
                assertEquals(ask.thread().tid(), result(ask, 0));
                assertEquals(ask.thread().pid(), result(ask, 1));
                assertEquals(-Errno.EBADF, result(ask, 2));
                assertEquals(0, result(ask, 3));
                assertEquals(2, ask.block().getInt(ask.dataOffset() + 8)); // SS_DISABLE
            }
        }
    }

    @Test
    void shouldStandAStopSignalInTheMiddle() throws Exception {
        Path file = directory.resolve("counts");
        try (Victim victim = Victim.startSteady(file, "");
                ProcFs proc = new ProcFs()) {
            try (SeizedTree tree = TreeSeizer.seize(victim.pid(), deadline);
                    AskRunner runner = runner(tree)) {
                victim.signal(Signals.SIGSTOP);
                List<Ask> asks = askAll(tree);
                runner.run(asks);
                for (Ask ask : asks) {
                    assertEquals(ask.thread().tid(), result(ask, 0));
                }
            }
            Victim.await(() -> proc.stat(victim.pid()).state() == 'T');
            victim.signal(Signals.SIGCONT);
            Counts counts = new Counts(file);
            counts.awaitProgress();
            assertEquals(0, counts.get(Counts.ERRORS));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-static"})
    void shouldLoseNothing(String variant) throws Exception {
        Path file = directory.resolve("counts");
        try (Victim victim = Victim.startSteady(file, variant)) {
            Counts counts = new Counts(file);
            int maps = ask(victim);
            for (int cycle = 0; cycle < 20; cycle++) {
                for (int i = 0; i < 20; i++) {
                    victim.queue(SIGRTMIN);
                }
                assertEquals(maps, ask(victim));
                counts.awaitProgress();
            }
            Victim.await(() -> counts.get(Counts.SIGNALS) >= 20 * 20 + 21 * 5);
            counts.awaitProgress();

            assertEquals(20 * 20 + 21 * 5, counts.get(Counts.SIGNALS));
            assertEquals(
                    0, counts.get(Counts.ERRORS), "last error: " + Long.toHexString(counts.get(Counts.LAST_ERROR)));
        }
    }

    /** One cycle; gives the number of mappings. */
    private int ask(Victim victim) {
        try (SeizedTree tree = TreeSeizer.seize(victim.pid(), deadline);
                AskRunner runner = runner(tree)) {
            List<Ask> asks = askAll(tree);
            for (int i = 0; i < 5; i++) {
                victim.queue(SIGRTMIN);
            }
            runner.run(asks);
            assertEquals(7, asks.size());
            for (Ask ask : asks) {
                assertEquals(ask.thread().tid(), result(ask, 0));
            }
            return tree.root().maps().size();
        }
    }
}
