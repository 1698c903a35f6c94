package io.baton.coordinator.robust;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.Writer;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.tracking.Increment;
import io.baton.mktree.image.ImageDirectory;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.UserFaultFd;
import io.baton.task.linux.Wait;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pre-dumps whose coordinator is killed: the tree goes on, and what is dumped afterwards is right. */
class KilledPreDumpTest {
    private static final int ROUNDS = Integer.getInteger("baton.kills", 16);
    private static final long SECONDS = 60;
    private static final int PAGES = 3000;
    /** What a pre-dump takes here, or longer (ns). */
    private static final long SPAN = TimeUnit.MILLISECONDS.toNanos(150);

    @TempDir
    Path folder = Path.of("");

    private final ProcFs proc = new ProcFs();

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
        assumeTrue(UserFaultFd.isSupported(), "needs Linux 6.7");
    }

    @AfterEach
    void endAll() {
        Descendants.end();
        proc.close();
    }

    @Test
    void shouldLeaveTheTreeAsItWasAndNothingWrong() throws Exception {
        try (Writer writer = Writer.start(folder.resolve("control"), PAGES, 5)) {
            int descriptors = proc.descriptors(writer.pid()).length;
            int last = -1;
            for (int round = 0; round < ROUNDS; round++) {
                Path images = folder.resolve(Integer.toString(round));
                Coordinator preDump = last < 0
                        ? Coordinator.start(
                                folder.resolve("said"), "pre-dump", "--no-journal", "-t", writer.pid(), "-D", images)
                        : Coordinator.start(
                                folder.resolve("said"),
                                "pre-dump",
                                "--no-journal",
                                "-t",
                                writer.pid(),
                                "-D",
                                images,
                                "--prev-images-dir",
                                "../" + last);
                preDump.awaitBegun(() -> proc.status(writer.pid()).tracer() != 0);
                TimeUnit.NANOSECONDS.sleep(SPAN * round / ROUNDS);
                preDump.signal(Signals.SIGKILL);
                preDump.await(TimeUnit.SECONDS.toMillis(SECONDS));
                writer.awaitWrites(0, 50);
                Victim.await(() -> proc.descriptors(writer.pid()).length == descriptors);
                last = isWhole(images) ? round : last;
            }
            writer.check(0);
            writer.idle(0, true);
            Map<String, byte[]> before = Writer.memory(writer.pid());
            Path images = folder.resolve("images");
            TreeDump.run(new DumpRequest(
                            writer.pid(), images, DumpOptions.DEFAULT, Finish.KILL, Deadline.after(SECONDS))
                    .withIncrement(new Increment(false, last < 0 ? null : Path.of("..", Integer.toString(last)))));
            Victim.await(() -> !Signals.kill(writer.pid(), 0) || reaped(writer.pid()));
            TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
            Writer.assertSame(before, writer.pid());
            writer.check(0);
        }
    }

    private static boolean reaped(int pid) {
        try {
            return !Wait.wait4(pid, Wait.WALL | Wait.WNOHANG).isNone();
        } catch (LinuxException e) {
            return false; // somebody else has done it
        }
    }

    private static boolean isWhole(Path images) {
        try {
            return ImageDirectory.open(images).manifest().isPresent();
        } catch (IOException e) {
            return false;
        }
    }
}
