package io.baton.coordinator.cli;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.progress.Listeners;
import io.baton.coordinator.ptrace.Caller;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.tracking.Increment;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code baton dump}. */
@Command(
        name = "dump",
        description = "Saves a process and all its descendants into an image, and ends them. If it fails, they run on.")
final class DumpCommand implements Callable<Integer> {
    @Mixin
    final TargetOptions target = new TargetOptions();

    @Option(
            names = {"-j", "--shell-job"},
            description = "The tree may belong to a shell's session and terminal.")
    boolean shellJob;

    @ArgGroup
    Afterwards afterwards = new Afterwards();

    @Mixin
    final IncrementOptions increment = new IncrementOptions();

    @Option(
            names = "--track-mem",
            description = "If the tree lives on, watch its memory for writes from now on, for the next dump.")
    boolean track;

    @Option(
            names = "--plain",
            description = "Write pages that processes share for each of them, so that CRIU can read the image.")
    boolean plain;

    @Option(
            names = "--caller",
            paramLabel = "TID",
            description =
                    "The thread of the tree that has started us and waits for us: baton_checkpoint() of libbaton-task.")
    int caller;

    @Mixin
    final AskOptions asking = new AskOptions();

    @Mixin
    final SupervisionOptions supervision = new SupervisionOptions();

    @Mixin
    final JournalOptions journal = new JournalOptions();

    @Mixin
    final ManageGroupsOption groups = new ManageGroupsOption();

    @Mixin
    final ConnectionOptions connections = new ConnectionOptions();

    @Mixin
    final FileChoices files = new FileChoices();

    @Mixin
    final FreezerOptions freezer = new FreezerOptions();

    /** What becomes of the tree. */
    static final class Afterwards {
        @Option(
                names = {"-R", "--leave-running"},
                description = "Let the tree run on.")
        boolean running;

        @Option(
                names = {"-s", "--leave-stopped"},
                description = "Leave the tree stopped (SIGSTOP); baton cont lets it run on.")
        boolean stopped;

        Finish finish() {
            if (running) {
                return Finish.LEAVE_RUNNING;
            }
            return stopped ? Finish.LEAVE_STOPPED : Finish.KILL;
        }
    }

    @Override
    public Integer call() {
        long start = System.nanoTime();
        // To the end of the process: when all is done it comes too late, and must not make a success look like none.
        Interruption interruption = new Interruption();
        SuspendReport report = new SuspendReport();
        TreeDump.run(new DumpRequest(
                        target.root,
                        target.images,
                        new DumpOptions(shellJob, groups.mode, connections.options(), files.options(), plain),
                        afterwards.finish(),
                        supervision.supervision(interruption, 0, Listeners.of(List.of(journal.begin(), report))))
                .withIncrement(new Increment(track, increment.previous))
                .withSuspend(asking.options())
                .calledBy(caller == 0 ? null : Caller.of(caller))
                .withFreezeCgroup(freezer.group));
        if (supervision.json()) {
            OutcomeJson.success(Console.current().out(), "dump", target.root, start, report::write);
        }
        return 0;
    }
}
