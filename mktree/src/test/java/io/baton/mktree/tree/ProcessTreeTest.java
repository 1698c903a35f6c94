package io.baton.mktree.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.mktree.tree.TreeException.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessTreeTest {
    private static final Task ROOT = Task.of(100, 0, 100, 100);

    private static Task child(int pid) {
        return Task.of(pid, 100, 100, 100);
    }

    private static void shouldRefuse(Fault fault, int row, Task... tasks) {
        TreeException error = assertThrows(TreeException.class, () -> ProcessTree.of(List.of(tasks)));
        assertEquals(fault, error.fault(), error.toString());
        assertEquals(row, error.row(), error.toString());
        assertTrue(error.toString().contains("row " + row + ": " + fault), error.toString());
    }

    @Test
    void shouldKnowWhoIsWhere() {
        ProcessTree tree = ProcessTree.of(List.of(
                ROOT.withThreads(List.of(100, 105, 106)),
                child(101),
                Task.of(102, 101, 100, 100).withThreads(List.of(102, 107)),
                child(103)));
        assertEquals(4, tree.size());
        assertEquals(7, tree.taskCount());
        assertEquals(2, tree.rowOf(102));
        assertEquals(-1, tree.rowOf(107));
        assertEquals(-1, tree.parent(0));
        assertEquals(1, tree.parent(2));
        assertEquals(2, tree.childCount(0));
        assertEquals(3, tree.child(0, 1));
        assertEquals(0, tree.childCount(3));
        assertThrows(IndexOutOfBoundsException.class, () -> tree.child(3, 0));
        assertEquals(4, tree.position(2));
        List<Integer> rows = new ArrayList<>();
        for (int position = 0; position < 7; position++) {
            rows.add(tree.rowAt(position));
        }
        assertEquals(List.of(0, 0, 0, 1, 2, 2, 3), rows);
        assertThrows(IndexOutOfBoundsException.class, () -> tree.rowAt(7));
    }

    @Test
    void shouldRefuseIdsThatCannotBe() {
        shouldRefuse(Fault.EMPTY, 0);
        shouldRefuse(Fault.ID_NOT_POSITIVE, 0, Task.of(0, 0, 0, 0));
        shouldRefuse(Fault.ID_NOT_POSITIVE, 1, ROOT, Task.of(-5, 100, 100, 100));
        shouldRefuse(Fault.ID_NOT_POSITIVE, 1, ROOT, Task.of(101, 100, -1, 100));
        shouldRefuse(Fault.DUPLICATE_PID, 2, ROOT, child(101), child(101));
        shouldRefuse(Fault.DUPLICATE_THREAD, 1, ROOT, child(101).withThreads(List.of(101, 100)));
        shouldRefuse(Fault.DUPLICATE_THREAD, 1, ROOT, child(101).withThreads(List.of(101, 102, 102)));
        shouldRefuse(Fault.DUPLICATE_THREAD, 1, ROOT, child(101).withThreads(List.of(101, 101)));
        shouldRefuse(Fault.DUPLICATE_THREAD, 1, ROOT.withThreads(List.of(100, 101)), child(101));
        shouldRefuse(Fault.LEADER_NOT_FIRST, 1, ROOT, child(101).withThreads(List.of(102, 101)));
        shouldRefuse(Fault.LEADER_NOT_FIRST, 1, ROOT, child(101).withThreads(List.of()));
        shouldRefuse(Fault.ID_NOT_POSITIVE, 1, ROOT, child(101).withThreads(List.of(101, 0)));
    }

    @Test
    void shouldRefuseParentsThatCannotBe() {
        shouldRefuse(Fault.ROOT_WITH_PARENT, 0, Task.of(100, 1, 100, 100));
        shouldRefuse(Fault.SECOND_ROOT, 1, ROOT, Task.of(101, 0, 101, 101));
        shouldRefuse(Fault.PARENT_MISSING, 1, ROOT, Task.of(101, 99, 100, 100));
        shouldRefuse(Fault.PARENT_IS_THREAD, 1, ROOT.withThreads(List.of(100, 105)), Task.of(101, 105, 100, 100));
        shouldRefuse(Fault.PARENT_AFTER_CHILD, 1, ROOT, Task.of(101, 102, 100, 100), child(102));
        shouldRefuse(Fault.CYCLE, 1, ROOT, Task.of(101, 101, 100, 100));
        shouldRefuse(Fault.CYCLE, 1, ROOT, Task.of(101, 102, 100, 100), Task.of(102, 101, 100, 100));
        shouldRefuse(Fault.ZOMBIE_WITH_CHILD, 2, ROOT, child(101).asZombie(0), Task.of(102, 101, 100, 100));
    }

    @Test
    void shouldRefuseExitsThatCannotBe() {
        List<Integer> two = List.of(101, 102);
        shouldRefuse(Fault.ZOMBIE_WITH_THREADS, 1, ROOT, new Task(101, 100, 100, 100, two, "", 0, false, false));
        shouldRefuse(Fault.DEAD_LEADER_ALONE, 1, ROOT, child(101).withDeadLeader(0));
        shouldRefuse(Fault.DEAD_LEADER_ALONE, 1, ROOT, new Task(101, 100, 100, 100, two, "", Task.ALIVE, true, false));
        for (int status : new int[] {0x7f, 0x137f, 65, 0xffff, 0x10000, 0x80, 0x109, -2}) {
            shouldRefuse(Fault.EXIT_STATUS, 1, ROOT, child(101).asZombie(status));
        }
        for (int status : new int[] {0, 200 << 8, 255 << 8, 9, 64, 11 | 0x80}) {
            assertTrue(ProcessTree.of(List.of(ROOT, child(101).asZombie(status)))
                    .task(1)
                    .zombie());
        }
    }

    @Test
    void shouldRefuseSessionsAndGroupsThatCannotBe() {
        shouldRefuse(Fault.SESSION_LEADER_IN_OTHER_GROUP, 1, ROOT, Task.of(101, 100, 100, 101));
        shouldRefuse(Fault.SESSION_LEADER_IN_OTHER_SESSION, 2, ROOT, child(101), Task.of(102, 101, 102, 101));
        shouldRefuse(Fault.ID_IS_THREAD, 1, ROOT.withThreads(List.of(100, 105)), Task.of(101, 100, 101, 105));
        shouldRefuse(Fault.ID_IS_THREAD, 1, ROOT.withThreads(List.of(100, 105)), Task.of(101, 100, 105, 100));
        shouldRefuse(Fault.GROUP_IN_TWO_SESSIONS, 2, ROOT, Task.of(101, 100, 101, 101), Task.of(102, 101, 100, 101));
        shouldRefuse(Fault.GROUP_IN_TWO_SESSIONS, 2, ROOT, Task.of(101, 100, 101, 101), Task.of(102, 101, 101, 100));
        shouldRefuse(Fault.GROUP_IN_TWO_SESSIONS, 2, ROOT, Task.of(101, 100, 70, 80), Task.of(102, 100, 80, 100));
        shouldRefuse(Fault.GROUP_IN_TWO_SESSIONS, 2, ROOT, Task.of(101, 100, 70, 80), Task.of(102, 100, 70, 90));
        shouldRefuse(Fault.OUTSIDE, 1, ROOT, Task.of(101, 100, 0, 100));
        shouldRefuse(Fault.OUTSIDE, 1, ROOT, Task.of(101, 100, 101, 0));
        shouldRefuse(Fault.SESSION_OF_DESCENDANT, 0, Task.of(100, 0, 100, 101), Task.of(101, 100, 101, 101));
        shouldRefuse(
                Fault.SESSION_OF_DESCENDANT,
                1,
                ROOT,
                Task.of(101, 100, 103, 103),
                Task.of(102, 101, 100, 100),
                Task.of(103, 102, 103, 103));
    }

    @Test
    void shouldAcceptWhatOrphansAndInheritanceLeave() {
        ProcessTree.of(List.of(Task.of(100, 0, 0, 0), Task.of(101, 100, 0, 0), Task.of(102, 101, 102, 0)));
        ProcessTree.of(List.of(Task.of(100, 0, 90, 80), Task.of(101, 100, 91, 80)));
        ProcessTree.of(List.of(ROOT, Task.of(101, 100, 101, 101), Task.of(102, 100, 101, 101)));
        ProcessTree.of(
                List.of(ROOT, Task.of(101, 100, 101, 101), Task.of(102, 100, 101, 101), Task.of(103, 102, 101, 101)));
        ProcessTree.of(List.of(ROOT, Task.of(101, 100, 50, 50), Task.of(102, 101, 100, 100)));
        ProcessTree.of(List.of(ROOT, Task.of(101, 100, 102, 100), Task.of(102, 100, 100, 100)));
    }

    @Test
    void shouldTakeTimeInProportionToSize() {
        assertTimeout(Duration.ofSeconds(20), () -> {
            TreeShape.chain(200_000, 1);
            TreeShape.star(200_000, 1);
            assertEquals(50_000, TreeShape.random(50_000, 1, 1).size());
        });
    }
}
