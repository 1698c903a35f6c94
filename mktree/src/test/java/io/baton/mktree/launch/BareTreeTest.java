package io.baton.mktree.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.mktree.plan.PlanOptions;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import io.baton.mktree.tree.TreeFromSystem;
import io.baton.mktree.tree.TreeShape;
import io.baton.mktree.tree.TreeSpec;
import io.baton.task.linux.Identity;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Trees made for real, and what /proc then says of them. */
@Timeout(300)
class BareTreeTest {
    private static final int TREES = Integer.getInteger("baton.test.trees", 120);
    private static final long TIMEOUT = TimeUnit.SECONDS.toNanos(20);

    private static final int ATTEMPTS = 5;

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

    @Test
    void shouldReleaseOrphansOneByOne() throws IOException {
        make(first -> TreeSpec.parse("""
                pid=+0
                pid=+1
                pid=+2 ppid=+1
                pid=+3 ppid=+2 sid=+3
                pid=+4 ppid=+0 sid=+3 pgid=+3
                pid=+5 ppid=+1 sid=+3 pgid=+3
                """, first));
    }

    @Test
    void shouldStayInOurSessionIfTheRootLedNone() throws IOException {
        final int sid = Identity.session(0);
        final int pgid = Identity.processGroup(0);
        make(first -> ProcessTree.of(List.of(
                Task.of(first, 0, pgid, sid),
                Task.of(first + 1, first, first + 1, sid),
                Task.of(first + 2, first + 1, pgid, sid))));
    }

    private void make(final String shape) throws IOException {
        make(first -> TreeShape.parse(shape, first));
    }

    /** Others on this machine may take a pid at any moment; then we try elsewhere. */
    private void make(final IntFunction<ProcessTree> trees) throws IOException {
        for (int attempt = 1; ; attempt++) {
            final ProcessTree tree = FreePids.place(trees);
            try {
                make(tree);
                return;
            } catch (final LaunchException e) {
                if (attempt == ATTEMPTS || !String.valueOf(e.getMessage()).contains("EEXIST")) {
                    throw new AssertionError(tree.toString(), e);
                }
            }
        }
    }

    private void make(final ProcessTree tree) throws IOException {
        final PlanOptions options = PlanOptions.defaults().withFreePids(FreePids::isFree, FreePids.last());
        final long start = System.nanoTime();
        try (BareTree made = BareTree.make(tree, options, TIMEOUT)) {
            nanos += System.nanoTime() - start;
            tasks += tree.taskCount();
            assertEquals(relations(tree), relations(TreeFromSystem.read(made.rootPid())), tree::toString);
        }
        for (final Task task : tree) {
            assertTrue(FreePids.isFree(task.pid()), () -> "left behind: " + task);
        }
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
