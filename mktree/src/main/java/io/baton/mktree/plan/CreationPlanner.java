package io.baton.mktree.plan;

import io.baton.mktree.plan.PlannedTask.Kind;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import java.util.List;

/**
 * Makes the creation plan of a tree: which tasks there must be besides the saved ones, who makes whom, and what each
 * does until its turn. The time it takes grows with the number of tasks and with nothing else.
 *
 * <p>The rules of who creates a task follow user-cr's mktree (Linux-CR, 2009), but for one thing: where a session's
 * leader is gone and all it leaves are children of one process, the ghost is made by that process and makes them as its
 * siblings, so that none has to be orphaned.
 */
public final class CreationPlanner {
    private CreationPlanner() {}

    public static CreationPlan plan(final ProcessTree tree) {
        return plan(tree, PlanOptions.defaults());
    }

    /**
     * The plan.
     *
     * @throws PlanException if the tree contradicts itself or cannot be made
     */
    public static CreationPlan plan(final ProcessTree saved, final PlanOptions options) {
        final TreeIndex tree = new TreeIndex(saved);
        final Sessions sessions = new Sessions(tree);
        final Births births = new Births(tree, sessions);
        final Drafts drafts = new Drafts(tree, new SparePids(tree, options));
        final Makers makers = new Makers(tree, sessions, births, drafts);
        final Groups groups = new Groups(tree, sessions);
        groups.makeLeaders(makers, drafts);
        final CreationOrder order = new CreationOrder(drafts);
        new Orphans(tree, drafts).arrange(makers.releases(), makers.oneByOne());
        return write(tree, drafts, order, new StepWriter(tree, groups, options, slotsWithoutHelper(drafts)));
    }

    private static int slotsWithoutHelper(final Drafts drafts) {
        return drafts.taskCount() + drafts.temporary().size();
    }

    private static CreationPlan write(
            final TreeIndex tree, final Drafts drafts, final CreationOrder order, final StepWriter writer) {
        final int holderSlot = slotsWithoutHelper(drafts);
        final int helperSlot = writer.hasHolder() ? holderSlot + 1 : holderSlot;
        final PlannedTask[] tasks = new PlannedTask[helperSlot + 1];
        for (final Draft draft : order.list()) {
            tasks[draft.slot] =
                    new PlannedTask(draft.slot, draft.pid, draft.kind, draft.exitSignal, writer.steps(draft));
            if (!draft.isTemporary()) {
                final Task process = tree.row(draft.row);
                writeThreads(process, draft.slot, tasks);
            }
        }
        tasks[holderSlot] = new PlannedTask(holderSlot, 0, Kind.HOLDER, 0, StepWriter.holderSteps());
        tasks[helperSlot] = new PlannedTask(helperSlot, 0, Kind.HELPER, 0, writer.helperSteps(holderSlot));
        return new CreationPlan(List.of(tasks), drafts.taskCount());
    }

    private static void writeThreads(final Task process, final int leaderSlot, final PlannedTask[] tasks) {
        for (int thread = 1; thread < process.threads().size(); thread++) {
            final int slot = leaderSlot + thread;
            tasks[slot] =
                    new PlannedTask(slot, process.threads().get(thread), Kind.THREAD, 0, StepWriter.threadSteps());
        }
    }
}
