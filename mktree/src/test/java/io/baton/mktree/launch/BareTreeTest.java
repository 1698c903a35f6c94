package io.baton.mktree.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.baton.mktree.plan.PlanOptions;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import io.baton.mktree.tree.TreeFromSystem;
import io.baton.mktree.tree.TreeShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Trees made for real, and what /proc then says of them. */
@Timeout(300)
class BareTreeTest {
    private static final int TREES = Integer.getInteger("baton.test.trees", 120);
    private static final long TIMEOUT = TimeUnit.SECONDS.toNanos(20);
    private static final int LAST_PID = 32767;
    private static final int AHEAD = 6000;

    private int tasks;
    private long nanos;

    @Test
    void shouldMakeTreesThatHaveLived() throws IOException {
        for (int seed = 0; seed < TREES; seed++) {
            make("random:" + (2 + seed * 3 % 200) + ":" + seed);
        }
        System.out.println("made " + TREES + " trees, tasks=" + tasks + ", us per task=" + nanos / 1000.0 / tasks);
    }

    @Test
    void shouldMakeRegularTrees() throws IOException {
        for (final String shape : List.of("star:1000", "chain:300", "binary:500")) {
            tasks = 0;
            nanos = 0;
            make(shape);
            System.out.println("made " + shape + ", us per task=" + nanos / 1000.0 / tasks);
        }
    }

    private void make(final String shape) throws IOException {
        final ProcessTree tree = withFreePids(shape);
        final PlanOptions options = PlanOptions.defaults().withFreePids(BareTree::isFree, LAST_PID);
        final long start = System.nanoTime();
        try (BareTree made = BareTree.make(tree, options, TIMEOUT)) {
            nanos += System.nanoTime() - start;
            tasks += tree.taskCount();
            assertEquals(relations(tree), relations(TreeFromSystem.read(made.rootPid())), tree::toString);
        } catch (final LaunchException e) {
            throw new AssertionError(tree.toString(), e);
        }
        for (final Task task : tree) {
            assertFalse(!BareTree.isFree(task.pid()), () -> "left behind: " + task);
        }
    }

    /** Far ahead of the pids that the system is about to give to others. */
    private static ProcessTree withFreePids(final String shape) throws IOException {
        final String[] load = Files.readString(Path.of("/proc/loadavg")).strip().split(" ");
        int first = Integer.parseInt(load[load.length - 1]);
        while (true) {
            first = first + AHEAD > LAST_PID - AHEAD ? 1000 : first + AHEAD;
            final ProcessTree tree = TreeShape.parse(shape, first);
            if (tree.tasks().stream().flatMap(BareTreeTest::ids).allMatch(BareTree::isFree)) {
                return tree;
            }
        }
    }

    private static Stream<Integer> ids(final Task task) {
        return Stream.concat(Stream.of(task.sid(), task.pgid()), task.threads().stream());
    }

    /** All that the kernel shows of a tree, by pid: which child came first it does not. */
    private static List<String> relations(final ProcessTree tree) {
        return tree.tasks().stream()
                .sorted(Comparator.comparingInt(Task::pid))
                .map(task -> task.pid() + " ppid=" + task.ppid() + " pgid=" + task.pgid() + " sid=" + task.sid() + " "
                        + task.threads() + (task.zombie() ? " zombie " + task.exitStatus() : "")
                        + (task.leaderDead() ? " leader dead" : ""))
                .toList();
    }
}
