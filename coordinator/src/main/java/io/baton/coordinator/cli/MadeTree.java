package io.baton.coordinator.cli;

import io.baton.mktree.image.JsonWriter;
import io.baton.mktree.plan.CreationPlan;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import java.io.IOException;
import java.io.PrintWriter;

/**
 * What {@code baton mktree} has made, as the kernel shows it.
 *
 * @param tree as read from /proc
 * @param plan by which it was made
 * @param micros that it took
 */
record MadeTree(ProcessTree tree, CreationPlan plan, long micros) {
    private static final String COLUMNS = "%7s %7s %7s %7s  %s%n";

    void printTable(final PrintWriter out) {
        out.printf(COLUMNS, "PID", "PPID", "GROUP", "SESSION", "THREADS");
        for (final Task task : tree) {
            out.printf(COLUMNS, task.pid(), task.ppid(), task.pgid(), task.sid(), state(task));
        }
        out.printf(
                "%d processes, %d tasks, %d ghosts and placeholders in between; %d us, %.1f us each%n",
                tree.size(), plan.taskCount(), temporary(), micros, (double) micros / plan.taskCount());
    }

    void printJson(final PrintWriter out) throws IOException {
        final JsonWriter json = new JsonWriter(out);
        json.begin('{').name("tasks").literal(plan.taskCount());
        json.name("temporary").literal(temporary()).name("micros").literal(micros);
        json.name("processes").begin('[');
        for (final Task task : tree) {
            json.begin('{').name("pid").literal(task.pid()).name("ppid").literal(task.ppid());
            json.name("pgid").literal(task.pgid()).name("sid").literal(task.sid());
            json.name("threads").begin('[');
            for (final int thread : task.threads()) {
                json.literal(thread);
            }
            json.end(']').name("zombie").literal(task.zombie());
            json.name("leader_dead").literal(task.leaderDead()).end('}');
        }
        json.end(']').end('}');
        out.println();
    }

    private int temporary() {
        return plan.helperSlot() - plan.taskCount();
    }

    private static String state(final Task task) {
        if (task.zombie()) {
            return "- zombie (" + task.waitStatus() + ")";
        }
        return task.threads().size() + (task.leaderDead() ? " leader dead" : "");
    }
}
