package io.baton.coordinator.restore;

import io.baton.coordinator.progress.TaskRow;
import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.plan.PlannedTask;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The tasks of a restore as a listener is told of them. */
final class TaskRows {
    private TaskRows() {}

    /** In PID-array order. */
    static List<TaskRow> of(final CreationPlan plan, final FailureReport.Things things) {
        final List<TaskRow> rows = new ArrayList<>(plan.taskCount());
        for (int slot = 0; slot < plan.taskCount(); slot++) {
            final PlannedTask task = plan.task(slot);
            final String kind =
                    things.ends(slot) ? "zombie" : task.kind().name().toLowerCase(Locale.ROOT);
            rows.add(new TaskRow(task.pid(), kind, things.name(task.pid())));
        }
        return rows;
    }
}
