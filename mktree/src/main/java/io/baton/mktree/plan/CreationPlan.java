package io.baton.mktree.plan;

import java.util.List;

/**
 * Who makes whom, when. One task for each slot of the segment: the PID array in its order, threads right after their
 * leader; then ghosts and placeholders; then who holds namespaces, if somebody does; last the helper.
 */
public final class CreationPlan {
    private final List<PlannedTask> tasks;
    private final int taskCount;
    private final int[] confirmations;

    CreationPlan(final List<PlannedTask> tasks, final int taskCount) {
        this.tasks = List.copyOf(tasks);
        this.taskCount = taskCount;
        this.confirmations = countConfirmations(this.tasks);
    }

    /** All tasks; a task's index is its slot. */
    public List<PlannedTask> tasks() {
        return tasks;
    }

    public PlannedTask task(final int slot) {
        return tasks.get(slot);
    }

    /** How many of the slots are entries of the PID array: slots 0 (the root) to this, exclusive. */
    public int taskCount() {
        return taskCount;
    }

    public int slotCount() {
        return tasks.size();
    }

    /** Of the one who holds namespaces for others to join; there need not be one. */
    public int holderSlot() {
        return helperSlot() - 1;
    }

    public int helperSlot() {
        return tasks.size() - 1;
    }

    /** How many tasks confirm a stage by their hierarchy programs; one with 0 need not be started for their sake. */
    public int confirmations(final RestoreStage stage) {
        return confirmations[stage.number()];
    }

    /** Whether a task may have had children by the time it restores itself: those it made, or those that came to it. */
    public boolean mayHaveChildren(final int slot) {
        return tasks.get(slot).steps().stream()
                .anyMatch(step -> step instanceof Step.Fork || step instanceof Step.BecomeSubreaper);
    }

    private static int[] countConfirmations(final List<PlannedTask> tasks) {
        final int[] counts = new int[RestoreStage.COMPLETE.number() + 1];
        for (final PlannedTask task : tasks) {
            for (final Step step : task.steps()) {
                if (step instanceof Step.Confirm confirm) {
                    counts[confirm.stage().number()]++;
                }
            }
        }
        return counts;
    }
}
