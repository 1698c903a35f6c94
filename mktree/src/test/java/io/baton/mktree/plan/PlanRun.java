package io.baton.mktree.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.mktree.plan.KernelModel.Proc;
import io.baton.mktree.plan.PlannedTask.Kind;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Runs a plan in the kernel model. Which task does its next step is drawn at random, so that everything may happen in
 * any order that stages, flags, waits and the baton allow.
 */
final class PlanRun {
    private static final int INIT_PID = 1_000_001;
    private static final int HELPER_PID = 1_000_002;

    private final ProcessTree tree;
    private final CreationPlan plan;
    private final Random random;
    private final KernelModel kernel = new KernelModel(INIT_PID);
    private final Proc[] processes;
    private final int[] next;
    private final List<Set<Step.Flag>> flags = new ArrayList<>();
    private final int[] confirmed = new int[RestoreStage.COMPLETE.number() + 1];
    private final List<Integer> ready = new ArrayList<>();
    private final Set<Integer> exiting = new HashSet<>();
    private final Task[] rowOfSlot;
    private final boolean[] sleeping;
    private int stage = RestoreStage.ROOT_TASK.number();
    private int position;

    PlanRun(final ProcessTree tree, final CreationPlan plan, final long seed) {
        this.tree = tree;
        this.plan = plan;
        random = new Random(seed);
        processes = new Proc[plan.slotCount()];
        next = new int[plan.slotCount()];
        sleeping = new boolean[plan.slotCount()];
        plan.tasks().forEach(task -> flags.add(EnumSet.noneOf(Step.Flag.class)));
        rowOfSlot = new Task[plan.slotCount()];
        int slot = 0;
        for (final Task row : tree.tasks()) {
            rowOfSlot[slot] = row;
            slot += row.threads().size();
        }
        assertEquals(slot, plan.taskCount());
    }

    static CreationPlan check(final ProcessTree tree, final long seed) {
        final CreationPlan plan = CreationPlanner.plan(tree);
        new PlanRun(tree, plan, seed).run();
        return plan;
    }

    void run() {
        startHelper();
        while (!ready.isEmpty() || startNextStage()) {
            final int at = random.nextInt(ready.size());
            final int slot = ready.get(at);
            ready.set(at, ready.get(ready.size() - 1));
            ready.remove(ready.size() - 1);
            if (exiting.remove(slot)) {
                exitInTurn(slot);
            } else {
                step(slot);
            }
        }
        assertEquals(plan.taskCount(), position, this::stuck);
        compare();
    }

    private void startHelper() {
        final Proc helper = kernel.fork(kernel.init(), HELPER_PID, false, KernelModel.SIGCHLD);
        final Task root = tree.root();
        if (root.sid() != root.pid()) {
            kernel.place(helper, isPidOfTree(root.pgid()) ? root.sid() : root.pgid(), root.sid());
        }
        begin(plan.helperSlot(), helper);
    }

    private void begin(final int slot, final Proc process) {
        processes[slot] = process;
        ready.add(slot);
    }

    /** Wakes all who wait for a thing; they look for themselves whether it has come about. */
    private void wakeSleepers() {
        for (int slot = 0; slot < processes.length; slot++) {
            if (processes[slot] != null && sleeping[slot]) {
                sleeping[slot] = false;
                ready.add(slot);
            }
        }
    }

    private void sleep(final int slot) {
        sleeping[slot] = true;
    }

    private boolean startNextStage() {
        while (stage < RestoreStage.RESTORE.number()) {
            if (!complete(stage)) {
                return false;
            }
            stage++;
            wakeSleepers();
            if (!ready.isEmpty()) {
                return true;
            }
        }
        return false;
    }

    private void step(final int slot) {
        final List<Step> steps = plan.task(slot).steps();
        if (next[slot] == steps.size()) {
            return;
        }
        final Proc self = processes[slot];
        assertFalse(self.killed, () -> "killed by the death of a parent: " + self);
        if (!execute(slot, self, steps.get(next[slot]))) {
            sleep(slot);
            return;
        }
        next[slot]++;
        if (!self.zombie || exiting.contains(slot)) {
            ready.add(slot);
        }
    }

    /** Returns false if the task has to wait. */
    private boolean execute(final int slot, final Proc self, final Step step) {
        if (step instanceof Step.Fork fork) {
            final PlannedTask child = plan.task(fork.slot());
            final int signal = fork.sibling() ? 0 : child.exitSignal();
            begin(fork.slot(), kernel.fork(self, child.pid(), fork.sibling(), signal));
        } else if (step instanceof Step.StartThread thread) {
            assertTrue(thread.slot() > slot);
            kernel.startThread(self, plan.task(thread.slot()).pid());
            begin(thread.slot(), self);
        } else if (step instanceof Step.StartSession) {
            kernel.setsid(self);
        } else if (step instanceof Step.LeadGroup) {
            kernel.setpgid(self, self.pid);
        } else if (step instanceof Step.JoinGroup join) {
            final int outer = processes[plan.helperSlot()].pgid;
            kernel.setpgid(self, join.pgid() == Step.JoinGroup.OUTER ? outer : join.pgid());
        } else if (step instanceof Step.BecomeSubreaper subreaper) {
            self.subreaper = subreaper.on();
        } else if (step instanceof Step.Outlive) {
            self.subreaper = true;
        } else if (step instanceof Step.DieWithParent) {
            self.diesWithParent = true;
        } else if (step instanceof Step.Leave) {
            kernel.exit(self);
            wakeSleepers();
        } else {
            return synchronise(slot, self, step);
        }
        return true;
    }

    private boolean synchronise(final int slot, final Proc self, final Step step) {
        if (step instanceof Step.Confirm confirm) {
            confirmed[confirm.stage().number()]++;
            assertTrue(stage <= confirm.stage().number(), () -> "confirmed too late: " + step + " " + self);
            while (stage < RestoreStage.RESTORE.number() && complete(stage) && random.nextBoolean()) {
                stage++;
                wakeSleepers();
            }
        } else if (step instanceof Step.Await await) {
            return stage >= await.stage().number();
        } else if (step instanceof Step.Guard) {
            return stage >= RestoreStage.COMPLETE.number();
        } else if (step instanceof Step.RaiseFlag raise) {
            flags.get(raise.slot()).add(raise.flag());
            wakeSleepers();
        } else if (step instanceof Step.AwaitFlag await) {
            return flags.get(await.slot()).contains(await.flag());
        } else if (step instanceof Step.Reap reap) {
            final boolean reaped = kernel.reap(self, reap.pid());
            if (reaped && reap.signalled()) {
                self.pendingSigchld--;
            }
            return reaped;
        } else if (step instanceof Step.Turn) {
            return takeTurn(slot);
        } else {
            throw new AssertionError("unexpected step: " + step);
        }
        return true;
    }

    private boolean complete(final int number) {
        return confirmed[number] >= plan.confirmations(RestoreStage.of(number));
    }

    private boolean takeTurn(final int slot) {
        if (stage < RestoreStage.RESTORE.number() || position != slot) {
            return false;
        }
        position++;
        final Task row = rowOfSlot[slot];
        if (row != null && (row.zombie() || row.leaderDead())) {
            exiting.add(slot);
        }
        wakeSleepers();
        return true;
    }

    private void exitInTurn(final int slot) {
        if (rowOfSlot[slot].zombie()) {
            kernel.exit(processes[slot]);
        } else {
            kernel.exitLeader(processes[slot]);
        }
        wakeSleepers();
    }

    private String stuck() {
        final StringBuilder text = new StringBuilder("stuck in stage " + stage + " " + tree);
        for (int slot = 0; slot < processes.length; slot++) {
            final List<Step> steps = plan.task(slot).steps();
            text.append("\n")
                    .append(slot)
                    .append(" at ")
                    .append(next[slot])
                    .append(" of ")
                    .append(steps);
        }
        return text.toString();
    }

    private void compare() {
        assertEquals(tree.size() + 2, kernel.processes().size(), () -> "processes: " + kernel.processes());
        final int helperGroup = processes[plan.helperSlot()].pgid;
        for (final Task row : tree.tasks()) {
            final Proc process = kernel.find(row.pid());
            assertNotNull(process, () -> "missing: " + row);
            final boolean root = row.pid() == tree.root().pid();
            if (process.pgid == helperGroup) {
                process.pgid = outerGroup(row);
            }
            final Task found = kernel.describe(process, root ? 0 : process.parent.pid);
            assertEquals(relations(row), found);
            assertEquals(KernelModel.SIGCHLD, process.exitSignal, row::toString);
            assertFalse(process.subreaper, row::toString);
            assertFalse(process.killed, row::toString);
            assertEquals(mayDieWithParent(root, process), process.diesWithParent, row::toString);
            assertEquals(zombies(process), process.pendingSigchld, () -> "SIGCHLD " + row);
        }
        checkKinds();
    }

    /** What of a row the plan sees to. */
    private static Task relations(final Task row) {
        final int status = row.exitStatus() == Task.ALIVE ? Task.ALIVE : 0;
        return new Task(
                row.pid(), row.ppid(), row.pgid(), row.sid(), row.threads(), "", status, row.leaderDead(), false);
    }

    /** Groups outside the tree, the root's and that of the leader of its session, become the helper's own. */
    private int outerGroup(final Task row) {
        final Task root = tree.root();
        final boolean outer = root.sid() != root.pid() && (row.pgid() == root.pgid() || row.pgid() == root.sid());
        return outer && !isPidOfTree(row.pgid()) ? row.pgid() : HELPER_PID;
    }

    private boolean isPidOfTree(final int pid) {
        return tree.rowOf(pid) >= 0;
    }

    private static boolean mayDieWithParent(final boolean root, final Proc process) {
        return root || !process.parent.leaderDead;
    }

    private static int zombies(final Proc process) {
        return (int) process.children.stream().filter(child -> child.zombie).count();
    }

    private void checkKinds() {
        for (final PlannedTask task : plan.tasks()) {
            final boolean saved = task.kind() == Kind.PROCESS || task.kind() == Kind.THREAD;
            assertEquals(task.slot() < plan.taskCount(), saved);
        }
    }
}
