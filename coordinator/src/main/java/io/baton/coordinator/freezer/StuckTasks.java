package io.baton.coordinator.freezer;

import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who keeps a group from being frozen. The kernel does not say it: to {@code /proc} a task that was frozen in its sleep
 * looks like one that sleeps uninterruptibly. So one looks twice: what is as it was once the group is thawed was not frozen.
 */
final class StuckTasks {
    private static final long PAUSE_MILLIS = 20;

    /** A thread and what it does. */
    private record Sleeper(int pid, int tid, char state, String wchan) {}

    private final FreezerGroup group;
    private final ProcFs proc;

    private StuckTasks(FreezerGroup group, ProcFs proc) {
        this.group = group;
        this.proc = proc;
    }

    /**
     * Describes them.
     *
     * @param thaw lets the group run again; null if that is not ours to do, and more may be named then than are stuck
     */
    static String describe(FreezerGroup group, @Nullable Runnable thaw) {
        try (ProcFs proc = new ProcFs()) {
            StuckTasks tasks = new StuckTasks(group, proc);
            List<Sleeper> stuck = tasks.find();
            if (thaw != null) {
                thaw.run();
                pause();
                List<Sleeper> still = tasks.find();
                stuck.removeIf(one -> one.state == 'D' && !still.contains(one));
            }
            return stuck.isEmpty() ? "nobody who could be named" : tasks.describe(stuck);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private List<Sleeper> find() {
        List<Sleeper> found = new ArrayList<>();
        for (int pid : group.processes()) {
            try {
                for (int tid : proc.threads(pid)) {
                    char state = proc.stat(pid, tid).state();
                    String wchan = proc.readText(pid, "task/" + tid + "/wchan");
                    if (state != 'Z' && group.mayBeAwake(state, wchan)) {
                        found.add(new Sleeper(pid, tid, state, wchan));
                    }
                }
            } catch (LinuxException e) {
                // It has ended.
            }
        }
        return found;
    }

    private String describe(List<Sleeper> stuck) {
        StringBuilder text = new StringBuilder();
        for (Sleeper one : stuck) {
            text.append(text.isEmpty() ? "" : "; ")
                    .append(group.describeTask(proc, one.pid, one.tid))
                    .append(" in state ")
                    .append(one.state)
                    .append(one.wchan.equals("0") ? "" : " in " + one.wchan);
        }
        return text.toString();
    }
}
