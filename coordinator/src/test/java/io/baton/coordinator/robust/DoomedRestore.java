package io.baton.coordinator.robust;

import io.baton.coordinator.journal.JournalWriter;
import io.baton.coordinator.journal.StateDirectory;
import io.baton.coordinator.progress.OperationKind;
import io.baton.coordinator.progress.TaskRow;
import io.baton.mktree.plan.RestoreStage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes the journal of a restore of which nothing is told but who its tasks are; then waits to be killed. */
final class DoomedRestore {
    private DoomedRestore() {}

    /** Arguments: state directory, device and inode of the segment, pids. */
    public static void main(final String[] args) {
        final JournalWriter journal = StateDirectory.at(Path.of(args[0])).begin();
        journal.began(OperationKind.RESTORE, Path.of("/images"), 0, System.nanoTime());
        final List<TaskRow> rows = new ArrayList<>();
        for (int i = 3; i < args.length; i++) {
            rows.add(new TaskRow(Integer.parseInt(args[i]), "process", ""));
        }
        journal.planned(rows);
        journal.helper(rows.get(0).pid(), Long.parseLong(args[1]), Long.parseLong(args[2]), System.nanoTime());
        journal.stageStarted(RestoreStage.RESTORE, 0, System.nanoTime());
        while (true) {
            Thread.onSpinWait();
        }
    }
}
