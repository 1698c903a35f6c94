package io.baton.coordinator.ptrace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.Victim;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.UserRegs;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeSeizerTest {
    private final Deadline deadline = Deadline.after(20);
    private final ProcFs proc = new ProcFs();

    @TempDir
    Path directory;

    @Test
    void shouldFindEverybodyParentsFirst() throws Exception {
        try (Victim victim = Victim.startTree(directory, "family", 0);
                SeizedTree tree = TreeSeizer.seize(victim.pid(), deadline)) {
            List<SeizedProcess> all = tree.processes();

            assertEquals(6, all.size());
            assertEquals(victim.pid(), tree.root().pid());
            assertEquals(0, tree.root().parent());
            SeizedProcess group = all.get(2);
            assertEquals(3, group.threads().size());
            assertEquals(group.pid(), group.threads().get(0).tid());
            assertEquals(group.pid(), all.get(3).parent());
            assertTrue(all.get(4).isZombie());
            assertEquals(200 << 8, all.get(4).exitStatus());
            assertTrue(all.get(5).leaderDead());
            assertEquals(2, all.get(5).threads().size());
            assertFalse(all.get(5).maps().isEmpty());
            assertEquals(0x33, tree.root().firstThread().register(UserRegs.CS));
        }
    }

    @Test
    void shouldStopAllAndLetAllRunOn() throws Exception {
        try (Victim victim = Victim.startTree(directory, "star", 200)) {
            for (int i = 0; i < 3; i++) {
                try (SeizedTree tree = TreeSeizer.seize(victim.pid(), deadline)) {
                    assertEquals(201, tree.processes().size());
                    for (SeizedProcess process : tree.processes()) {
                        assertEquals('t', proc.stat(process.pid()).state());
                    }
                }
                for (int child : proc.children(victim.pid(), victim.pid())) {
                    Victim.await(() -> proc.stat(child).state() == 'S');
                }
            }
        }
    }

    @Test
    void shouldFollowADeepChain() throws Exception {
        try (Victim victim = Victim.startTree(directory, "chain", 300);
                SeizedTree tree = TreeSeizer.seize(victim.pid(), deadline)) {
            assertEquals(301, tree.processes().size());
            for (int i = 1; i < 301; i++) {
                assertEquals(
                        tree.processes().get(i - 1).pid(),
                        tree.processes().get(i).parent());
            }
        }
    }

    @Test
    void shouldStopManyThreads() throws Exception {
        try (Victim victim = Victim.startTree(directory, "threads", 500);
                SeizedTree tree = TreeSeizer.seize(victim.pid(), deadline)) {
            assertEquals(501, tree.root().threads().size());
        }
    }

    @Test
    void shouldLeaveAStoppedProcessStopped() throws Exception {
        try (Victim victim = Victim.startTree(directory, "star", 1)) {
            victim.signal(Signals.SIGSTOP);
            Victim.await(() -> proc.stat(victim.pid()).state() == 'T');
            try (SeizedTree tree = TreeSeizer.seize(victim.pid(), deadline)) {
                assertEquals(Signals.SIGSTOP, tree.root().stopSignal());
                assertEquals(0, tree.processes().get(1).stopSignal());
            }
            Victim.await(() -> proc.stat(victim.pid()).state() == 'T');
            victim.signal(Signals.SIGCONT);
            Victim.await(() -> proc.stat(victim.pid()).state() == 'S');
        }
    }

    @Test
    void shouldLeaveAllStoppedIfAsked() throws Exception {
        try (Victim victim = Victim.startTree(directory, "family", 0)) {
            try (SeizedTree tree = TreeSeizer.seize(victim.pid(), deadline)) {
                tree.releaseStopped();
            }
            Victim.await(() -> proc.stat(victim.pid()).state() == 'T');
            victim.signal(Signals.SIGCONT);
            Victim.await(() -> proc.stat(victim.pid()).state() == 'S');
        }
    }

    @Test
    void shouldKillAll() throws Exception {
        try (Victim victim = Victim.startTree(directory, "star", 100)) {
            int[] children = proc.children(victim.pid(), victim.pid());
            try (SeizedTree tree = TreeSeizer.seize(victim.pid(), deadline)) {
                tree.kill(deadline);
            }
            Victim.await(() -> !victim.isAlive());
            assertEquals(100, children.length);
        }
    }

    @Test
    void shouldNameTheTracer() throws Exception {
        try (Victim victim = Victim.startTree(directory, "star", 3)) {
            int child = proc.children(victim.pid(), victim.pid())[1];
            try (SeizedTree other = TreeSeizer.seize(child, deadline)) {
                BatonException refused =
                        assertThrows(BatonException.class, () -> TreeSeizer.seize(victim.pid(), deadline));

                assertEquals(ErrorCode.NOT_PERMITTED, refused.code());
                assertTrue(
                        refused.message()
                                .contains("traced by pid "
                                        + ProcessHandle.current().pid()),
                        refused.message());
                assertEquals(1, other.processes().size());
                // It has been let go, and needs a moment to fall asleep again.
                Victim.await(() -> proc.stat(victim.pid()).state() == 'S');
            }
        }
    }

    @Test
    void shouldRefuseItselfAndItsAncestors() {
        int self = (int) ProcessHandle.current().pid();
        int parent = proc.stat(self).parent();

        assertEquals(
                ErrorCode.UNSUPPORTED,
                assertThrows(BatonException.class, () -> TreeSeizer.seize(self, deadline))
                        .code());
        assertEquals(
                ErrorCode.UNSUPPORTED,
                assertThrows(BatonException.class, () -> TreeSeizer.seize(parent, deadline))
                        .code());
        assertEquals(
                ErrorCode.NO_SUCH_PROCESS,
                assertThrows(BatonException.class, () -> TreeSeizer.seize(4_000_000, deadline))
                        .code());
    }
}
