package io.baton.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Memory;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Semaphores, message queues and loose shared memory of an ipc namespace there and back; what of them is refused. */
class IpcObjectsTest {
    private static final long SECONDS = 60;
    private static final int SIGUSR1 = 10;

    @TempDir
    Path directory;

    @BeforeAll
    static void adoptOrphans() {
        assumeTrue(Identity.uid() == 0, "needs root: namespaces");
        Prctl.setChildSubreaper(true);
    }

    @AfterEach
    void reapZombies() {
        TreeSnapshot.reap();
    }

    private Path dump(Victim victim, String name, Finish finish) {
        Path images = directory.resolve(name);
        TreeDump.run(new DumpRequest(victim.pid(), images, DumpOptions.DEFAULT, finish, Deadline.after(SECONDS)));
        if (finish == Finish.KILL) {
            TreeSnapshot.reap();
        }
        return images;
    }

    private static void restore(Path images) {
        TreeRestore.run(images, RestoreOptions.DEFAULT, TimeUnit.SECONDS.toNanos(SECONDS));
    }

    private String examine(Victim victim) throws Exception {
        Signals.kill(victim.pid(), SIGUSR1);
        Victim.await(() -> Files.exists(directory.resolve("result")));
        return Files.readString(directory.resolve("result"));
    }

    private Victim start(String... variant) throws Exception {
        for (String flag : variant) {
            Files.createFile(directory.resolve(flag));
        }
        Victim victim = Victim.start("ipcs", directory);
        Victim.await(() -> Files.exists(directory.resolve("ready")));
        return victim;
    }

    /** Twice: what was restored can be dumped again. */
    @Test
    void shouldBringBackAllThatAnIpcNamespaceHas() throws Exception {
        try (Victim victim = start()) {
            for (int cycle = 0; cycle < 2; cycle++) {
                Path images = dump(victim, "images" + cycle, Finish.KILL);
                restore(images);
            }

            assertEquals("PASS\n", examine(victim));
        }
    }

    @Test
    void shouldLeaveEverythingWhereItIsForATreeThatRunsOn() throws Exception {
        try (Victim victim = start()) {
            dump(victim, "images", Finish.LEAVE_RUNNING);

            assertEquals("PASS\n", examine(victim));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"undo", "notify", "nameless"})
    void shouldRefuseWhatNobodyCanTell(String variant) throws Exception {
        try (Victim victim = start(variant)) {
            BatonException refusal = assertThrows(BatonException.class, () -> dump(victim, "images", Finish.KILL));

            String reason = switch (variant) {
                case "undo" -> "SEM_UNDO";
                case "notify" -> "mq_notify";
                default -> "has no name any more";
            };
            assertTrue(refusal.message().contains(reason), refusal.message());
            assertEquals("PASS\n", examine(victim));
        }
    }

    /** A queue of our own namespace stays; who had it open opens it again, or not at all. */
    @Test
    void shouldOpenAQueueOfOursAgain() throws Exception {
        try (Memory name = Memory.cString("baton-ipcs")) {
            SystemCall.call(SyscallNumber.MQ_UNLINK, name.address());
            try (Victim victim = start("ours")) {
                Path images = dump(victim, "images", Finish.KILL);
                restore(images);
                assertEquals("PASS\n", examine(victim)); // and unlinks it
            }
            BatonException refusal = assertThrows(BatonException.class, () -> restore(directory.resolve("images")));
            assertTrue(refusal.message().contains("the message queue is gone"), refusal.message());
        }
    }
}
