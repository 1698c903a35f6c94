package io.baton.mktree.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.task.linux.VanishedException;
import java.io.IOException;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class TreeFromSystemTest {
    private static ProcessTree readUntil(long pid, Predicate<ProcessTree> complete)
            throws IOException, InterruptedException {
        ProcessTree tree = TreeFromSystem.read((int) pid);
        for (int tries = 0; tries < 500 && !complete.test(tree); tries++) {
            Thread.sleep(10);
            tree = TreeFromSystem.read((int) pid);
        }
        assertTrue(complete.test(tree), tree.toString());
        return tree;
    }

    @Test
    void shouldReadARealTree() throws IOException, InterruptedException {
        // Everyone reads the standard input, so that closing it ends them all.
        String script = "exec 3<&0; (cat <&3 & exec cat <&3) & setsid cat <&3 & read line";
        Process shell = new ProcessBuilder("sh", "-c", script).start();
        try {
            ProcessTree tree = readUntil(
                    shell.pid(),
                    found -> found.tasks().stream()
                                    .filter(task -> task.comm().equals("cat"))
                                    .count()
                            == 3);
            assertEquals(4, tree.size(), tree.toString());
            assertEquals(0, tree.root().ppid());
            assertEquals("sh", tree.root().comm());
            assertEquals(2, tree.childCount(0));
            boolean first = tree.task(tree.child(0, 0)).sessionLeader();
            Task session = tree.task(tree.child(0, first ? 0 : 1));
            Task subshell = tree.task(tree.child(0, first ? 1 : 0));
            assertEquals(1, tree.childCount(tree.rowOf(subshell.pid())));
            assertEquals(tree.root().sid(), subshell.sid());
            assertTrue(session.sessionLeader() && session.groupLeader(), tree.toString());
        } finally {
            shell.getOutputStream().close();
            shell.waitFor();
        }
    }

    @Test
    void shouldSeeAZombieAndItsStatus() throws IOException, InterruptedException {
        Process parent = new ProcessBuilder("sh", "-c", "(exit 200) & exec sleep 600").start();
        try {
            ProcessTree tree = readUntil(
                    parent.pid(), found -> found.size() == 2 && found.task(1).zombie());
            assertEquals(200 << 8, tree.task(1).exitStatus());
        } finally {
            parent.destroyForcibly().waitFor();
        }
    }

    @Test
    void shouldSeeThreadsOfItself() throws IOException {
        int self = (int) ProcessHandle.current().pid();
        Task root = TreeFromSystem.read(self).root();
        assertTrue(root.threads().size() > 3, root.toString());
        assertEquals(self, root.threads().get(0));
        Set<Integer> others = root.threads().stream().skip(1).collect(Collectors.toSet());
        assertEquals(root.threads().size() - 1, others.size());
    }

    @Test
    void shouldSayThatThereIsNoSuchProcess() {
        assertThrows(VanishedException.class, () -> TreeFromSystem.read(Integer.MAX_VALUE));
    }
}
