package io.baton.mktree.plan;

import static io.baton.mktree.plan.TreeIndex.NONE;
import static io.baton.mktree.plan.TreeIndex.ROOT;

import java.util.ArrayList;
import java.util.List;

/** Writes down what each task does. A sleep costs more than everything else here, so nobody sleeps without need. */
final class StepWriter {
    private static final List<Step> THREAD_STEPS = List.of(new Step.Confirm(RestoreStage.FORKING), new Step.Turn());

    private final TreeIndex tree;
    private final Groups groups;
    private final PlanOptions options;
    private final int[] groupAtBirth;

    StepWriter(final TreeIndex tree, final Groups groups, final PlanOptions options, final int slots) {
        this.tree = tree;
        this.groups = groups;
        this.options = options;
        groupAtBirth = new int[slots];
    }

    /** Steps of a process; to be asked in the order of creation. */
    List<Step> steps(final Draft task) {
        final List<Step> steps = new ArrayList<>(3 + task.before.size() + task.after.size());
        if (diesWithParentFromStart(task)) {
            steps.add(new Step.DieWithParent());
        }
        if (task.row == ROOT && options.namespaces()) {
            prepareNamespaces(steps, options.held());
        }
        if (task.subreaper) {
            steps.add(new Step.BecomeSubreaper(true));
        }
        final int group = makeOthers(task, steps);
        startThreads(task, steps);
        steps.add(new Step.Confirm(RestoreStage.FORKING));
        if (task.isTemporary()) {
            leave(task, steps);
        } else {
            joinGroup(task, group, steps);
            releaseOrphans(task, steps);
            awaitTurn(task, steps);
        }
        return steps;
    }

    /** Steps of a thread that is not a leader. */
    static List<Step> threadSteps() {
        return THREAD_STEPS;
    }

    boolean hasHolder() {
        return options.held();
    }

    /** Steps of who makes the namespaces that the root joins. */
    static List<Step> holderSteps() {
        return List.of(
                new Step.DieWithParent(),
                new Step.LeaveUserNamespace(),
                new Step.Confirm(RestoreStage.ROOT_TASK),
                new Step.Await(RestoreStage.PREPARE_NAMESPACES),
                new Step.HoldNamespaces(),
                new Step.RaiseFlag(ROOT, Step.Flag.GO),
                new Step.Await(RestoreStage.COMPLETE),
                new Step.Leave());
    }

    /**
     * Steps of the helper.
     *
     * @param holder slot of who holds namespaces, if the options say so
     */
    List<Step> helperSteps(final int holder) {
        final List<Step> steps = new ArrayList<>();
        if (options.helperReaps()) {
            steps.add(new Step.DieWithParent());
            steps.add(new Step.Fork(ROOT, false));
            steps.add(new Step.Await(RestoreStage.COMPLETE));
            steps.add(new Step.Settle());
            steps.add(new Step.Confirm(RestoreStage.COMPLETE));
            steps.add(new Step.ReapUntilRootEnds(tree.pid(ROOT)));
        } else {
            steps.add(new Step.Outlive());
            if (options.held()) {
                steps.add(new Step.Fork(holder, false));
            }
            steps.add(new Step.Fork(ROOT, false));
            steps.add(new Step.Guard());
            if (options.held()) {
                steps.add(new Step.ReapHolder(holder));
            }
            steps.add(new Step.Leave());
        }
        return steps;
    }

    private static void prepareNamespaces(final List<Step> steps, final boolean held) {
        steps.add(new Step.Confirm(RestoreStage.ROOT_TASK));
        steps.add(new Step.Await(RestoreStage.PREPARE_NAMESPACES));
        if (held) {
            steps.add(new Step.AwaitFlag(ROOT, Step.Flag.GO));
        }
        steps.add(new Step.PrepareNamespaces());
        steps.add(new Step.Confirm(RestoreStage.PREPARE_NAMESPACES));
        steps.add(new Step.Await(RestoreStage.FORKING));
    }

    /** Returns the group in which the task is afterwards. */
    private int makeOthers(final Draft task, final List<Step> steps) {
        int group = groupAtBirth[task.slot];
        if (task.leadsGroup) {
            steps.add(new Step.LeadGroup());
            group = task.pid;
        }
        if (task.pin != null) {
            fork(task.pin, group, steps);
        }
        for (final Draft child : task.before) {
            fork(child, group, steps);
        }
        if (task.startsSession) {
            steps.add(new Step.StartSession());
            group = task.pid;
        }
        for (final Draft child : task.after) {
            fork(child, group, steps);
        }
        return group;
    }

    private void fork(final Draft child, final int group, final List<Step> steps) {
        steps.add(new Step.Fork(child.slot, child.sibling));
        groupAtBirth[child.slot] = group;
    }

    /** Threads come last: a fork copies their stacks too. */
    private void startThreads(final Draft task, final List<Step> steps) {
        if (!task.isTemporary()) {
            final int threads = tree.otherThreads(task.row);
            for (int thread = 1; thread <= threads; thread++) {
                steps.add(new Step.StartThread(task.slot + thread));
            }
        }
    }

    private void joinGroup(final Draft task, final int group, final List<Step> steps) {
        final int wanted = groups.of(task.row);
        if (wanted != group) {
            steps.add(new Step.Await(RestoreStage.GROUPS));
            steps.add(new Step.JoinGroup(wanted));
            steps.add(new Step.Confirm(RestoreStage.GROUPS));
        }
    }

    private static void releaseOrphans(final Draft task, final List<Step> steps) {
        if (!task.reaps.isEmpty() || !task.releases.isEmpty()) {
            steps.add(new Step.Await(RestoreStage.ORPHANS));
            steps.addAll(task.releases);
            reap(task, steps);
            steps.add(new Step.Confirm(RestoreStage.ORPHANS));
        }
    }

    /** Its parent waits for it and confirms; it need not. */
    private static void leave(final Draft task, final List<Step> steps) {
        steps.add(new Step.Await(RestoreStage.ORPHANS));
        steps.addAll(task.releases);
        reap(task, steps);
        steps.add(new Step.Leave());
    }

    private static void reap(final Draft task, final List<Step> steps) {
        for (final Draft child : task.reaps) {
            steps.add(new Step.Reap(child.pid, child.exitSignal != 0));
        }
    }

    private void awaitTurn(final Draft task, final List<Step> steps) {
        final boolean diesWithParent = task.orphan && !leaderDies(task);
        if (task.subreaper || diesWithParent) {
            steps.add(new Step.Await(RestoreStage.RESTORE));
        }
        if (task.subreaper) {
            steps.add(new Step.BecomeSubreaper(false));
        }
        if (diesWithParent) {
            steps.add(new Step.DieWithParent());
        }
        steps.add(new Step.Turn());
    }

    private boolean diesWithParentFromStart(final Draft task) {
        return !task.orphan && !leaderDies(task);
    }

    /** The kernel counts a parent's first thread as the parent: its children would be killed at its turn. */
    private boolean leaderDies(final Draft task) {
        final int parent = task.row == NONE ? NONE : tree.parent(task.row);
        return parent != NONE && tree.row(parent).leaderDead();
    }
}
