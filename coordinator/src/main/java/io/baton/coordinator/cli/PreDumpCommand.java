package io.baton.coordinator.cli;

import io.baton.coordinator.dump.PreDumpRequest;
import io.baton.coordinator.dump.TreePreDump;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code baton pre-dump}. */
@Command(
        name = "pre-dump",
        description =
                "Saves the memory of a tree while it runs, so that a later dump writes only what has changed since"
                        + " (dump --prev-images-dir). The tree always runs on.")
final class PreDumpCommand implements Callable<Integer> {
    @Mixin
    final TargetOptions target = new TargetOptions();

    @Mixin
    IncrementOptions increment = new IncrementOptions();

    @Option(
            names = {"-R", "--leave-running"},
            description = "Ignored: the tree always runs on.")
    boolean running;

    @Option(
            names = {"-s", "--leave-stopped"},
            description = "Ignored: the tree always runs on.")
    boolean stopped;

    @Option(names = "--track-mem", description = "Always on: a pre-dump is for the next dump.")
    boolean track;

    @Option(
            names = {"-j", "--shell-job"},
            description = "Of no effect: only memory is saved.")
    boolean shellJob;

    @Mixin
    final JournalOptions journal = new JournalOptions();

    @Mixin
    final SupervisionOptions supervision = new SupervisionOptions();

    @Mixin
    final FreezerOptions freezer = new FreezerOptions();

    @Override
    public Integer call() {
        long start = System.nanoTime();
        if (running || stopped) {
            LoggerFactory.getLogger(PreDumpCommand.class)
                    .warn(
                            "pre-dump ignores {}: the tree always runs on",
                            running ? "--leave-running" : "--leave-stopped");
        }
        Interruption interruption = new Interruption(); // to the end of the process, as for a dump
        TreePreDump.run(new PreDumpRequest(
                target.root,
                target.images,
                increment.previous,
                supervision.supervision(interruption, 0, journal.begin()),
                freezer.group));
        if (supervision.json()) {
            OutcomeJson.success(Console.current().out(), "pre-dump", target.root, start);
        }
        return 0;
    }
}
