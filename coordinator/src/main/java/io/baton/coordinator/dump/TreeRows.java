package io.baton.coordinator.dump;

import io.baton.coordinator.progress.TaskRow;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.tree.Task;
import io.baton.task.linux.ProcStat;
import java.util.ArrayList;
import java.util.List;

/** Rows of {@code pstree.img}. */
final class TreeRows {
    private TreeRows() {}

    /** The row of a process, by what it is called in the tree. A zombie's only thread has the number 0. */
    static PstreeEntry row(SeizedProcess process, TreeNamespaces namespaces) {
        ProcStat stat = process.stat();
        PstreeEntry.Builder row = PstreeEntry.newBuilder()
                .setPid(namespaces.pidInside(process.pid()))
                .setPpid(namespaces.pidInside(process.parent()))
                .setPgid(namespaces.pidInside(stat.processGroup()))
                .setSid(namespaces.pidInside(stat.session()));
        if (process.isZombie()) {
            return row.addThreads(0).build();
        }
        if (process.leaderDead()) {
            row.setLeaderDead(true).addThreads(row.getPid());
        }
        for (SeizedThread thread : process.threads()) {
            row.addThreads(namespaces.pidInside(thread.tid()));
        }
        return row.build();
    }

    /** The tasks as a listener is told of them. */
    static List<TaskRow> tasks(SeizedTree tree) {
        List<TaskRow> rows = new ArrayList<>();
        for (SeizedProcess process : tree.processes()) {
            String name = process.stat().comm();
            rows.add(new TaskRow(process.pid(), process.isZombie() ? "zombie" : "process", name));
            for (SeizedThread thread : process.threads()) {
                if (thread.tid() != process.pid()) {
                    rows.add(new TaskRow(thread.tid(), "thread", name));
                }
            }
        }
        return rows;
    }

    /** The same for the planner. */
    static Task task(SeizedProcess process, int group, int session) {
        List<Integer> threads = new ArrayList<>();
        if (process.isZombie() || process.leaderDead()) {
            threads.add(process.pid());
        }
        for (SeizedThread thread : process.threads()) {
            threads.add(thread.tid());
        }
        boolean dead = process.isZombie() || process.leaderDead();
        return new Task(
                process.pid(),
                process.parent(),
                group,
                session,
                threads,
                process.stat().comm(),
                dead ? process.exitStatus() : Task.ALIVE,
                process.leaderDead(),
                false);
    }
}
