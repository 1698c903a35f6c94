package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Signals;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pseudo terminals whose masters are in the tree: sessions, settings, unread data; dumped twice, the second time restored. */
class TerminalsTest {
    private static final int SECONDS = 30;

    @TempDir
    Path folder = Path.of("");

    @BeforeAll
    static void becomeSubreaper() {
        Prctl.setChildSubreaper(true);
    }

    @AfterEach
    void reap() {
        TreeSnapshot.reap();
    }

    @ParameterizedTest
    @EnumSource(
            value = Finish.class,
            names = {"KILL", "LEAVE_RUNNING"})
    void shouldBringBackPairs(Finish finish) throws Exception {
        try (Victim victim = started()) {
            dump(victim, Finish.LEAVE_RUNNING);
            dump(victim, finish);
            if (finish == Finish.KILL) {
                TreeSnapshot.reap();
                restore();
            }
            Signals.kill(victim.pid(), Signals.SIGUSR1);
            Victim.await(() -> Files.exists(folder.resolve("result")));
            assertEquals("PASS\n", Files.readString(folder.resolve("verdict")) + child());
        }
    }

    @Test
    void shouldSayWhoseNumberIsTaken() throws Exception {
        List<Fd> others = new ArrayList<>();
        try (Victim victim = started()) {
            dump(victim, Finish.KILL);
            TreeSnapshot.reap();
            for (int i = 0; i < 4; i++) {
                others.add(io.baton.task.linux.Files.open("/dev/ptmx", io.baton.task.linux.Files.O_RDWR | 0x100));
            }
            BatonException refused = assertThrows(BatonException.class, this::restore);
            assertEquals(ErrorCode.UNSUPPORTED, refused.code());
            assertTrue(refused.message().contains("the number of this terminal is taken"), refused.message());
            others.forEach(Fd::close);
            others.clear();
            restore();
        } finally {
            others.forEach(Fd::close);
        }
    }

    private String child() throws Exception {
        return Files.readString(folder.resolve("child"));
    }

    private Victim started() throws Exception {
        Victim victim = Victim.start("ptys", folder);
        Victim.await(() -> Files.exists(folder.resolve("ready")));
        return victim;
    }

    private void dump(Victim victim, Finish finish) {
        TreeDump.run(new DumpRequest(
                victim.pid(), folder.resolve("images"), DumpOptions.DEFAULT, finish, Deadline.after(SECONDS)));
    }

    private void restore() {
        TreeRestore.run(folder.resolve("images"), RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
    }
}
