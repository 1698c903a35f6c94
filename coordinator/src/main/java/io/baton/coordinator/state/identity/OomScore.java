package io.baton.coordinator.state.identity;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.mktree.image.proto.TaskCoreEntry;
import io.baton.task.linux.Capabilities;

/** How eagerly the kernel kills the process when memory runs out, {@code /proc/PID/oom_score_adj}. */
public final class OomScore implements StateKind {
    private static final String FILE = "oom_score_adj";

    @Override
    public String name() {
        return FILE;
    }

    @Override
    public Account account() {
        return new Account(
                name(), "/proc/PID/oom_score_adj", "written to the same file", "TaskCoreEntry.oom_score_adj");
    }

    @Override
    public void capture(ProcessCapture capture) {
        long score = capture.process().proc().readNumber(capture.process().pid(), FILE);
        capture.core().getTcBuilder().setOomScoreAdj((int) score);
    }

    @Override
    public void validate(ProcessRestore process, Refusals refusals) {
        TaskCoreEntry task = process.core().getTc();
        if (task.hasOomScoreAdj()
                && task.getOomScoreAdj() < process.own().oomScoreAdj()
                && !process.own().has(Capabilities.CAP_SYS_RESOURCE)) {
            String reason = task.getOomScoreAdj() + " is below our own "
                    + process.own().oomScoreAdj() + ", which needs CAP_SYS_RESOURCE";
            refusals.add(process.pstree().getPid(), FILE, reason, "restore as root");
        }
    }

    @Override
    public void compile(ProcessRestore process, ContextBuilder context) {
        TaskCoreEntry task = process.core().getTc();
        if (task.hasOomScoreAdj() && task.getOomScoreAdj() != process.own().oomScoreAdj()) {
            OwnProcFile.write(FILE, Integer.toString(task.getOomScoreAdj()), context.item(Item.OOM_SCORE.tag()));
        }
    }
}
