package io.baton.coordinator.cli;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.restore.Fault;
import io.baton.coordinator.restore.Order;
import io.baton.coordinator.restore.RestoreRequest;
import io.baton.coordinator.restore.Restored;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.serve.Asker;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.supervision.TimeLimits;
import io.baton.task.linux.Wait;
import io.baton.task.linux.WaitStatus;
import io.baton.task.program.FaultInjector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code baton restore}. */
@Command(name = "restore", description = "Restores a tree of processes from an image.")
final class RestoreCommand implements Callable<Integer> {
    private static final int SIGNAL_BASE = 128;

    @Mixin
    final ImageOptions image = new ImageOptions();

    @Option(
            names = {"-d", "--restore-detached"},
            description = "Return once the tree runs; without it, stay until its root ends and exit as it did.")
    boolean detached;

    @Option(
            names = {"-j", "--shell-job"},
            description = "The tree joins our session, process group and terminal.")
    boolean shellJob;

    @Mixin
    final RestoreConnectionOptions connections = new RestoreConnectionOptions();

    @Option(
            names = {"-l", "--file-locks"},
            description = "Taken for CRIU's sake: file locks that are in the image always come back.")
    boolean locks;

    @Option(
            names = {"-s", "--leave-stopped"},
            description = "Leave the tasks stopped (SIGSTOP); baton cont lets them run on.")
    boolean leaveStopped;

    @Option(
            names = "--order",
            defaultValue = "saved",
            paramLabel = "ORDER",
            description =
                    "saved: tasks restore themselves one after the other, in the order in which they were saved;"
                            + " parallel: on all cores at once, as far as they do not need each other (default: ${DEFAULT-VALUE}).")
    String order = "saved"; // no enum, for those are left to picocli, and that takes its time

    @Option(names = "--verify", description = "Check the contents of pages against the manifest too.")
    boolean verify;

    @Mixin
    final RestoreGroupOptions groups = new RestoreGroupOptions();

    @Mixin
    final InheritOptions inherit = new InheritOptions();

    @Mixin
    final NamespaceOptions namespaces = new NamespaceOptions();

    @Option(names = "--pidfile", paramLabel = "FILE", description = "Write the root's pid to this file.")
    @Nullable
    Path pidFile;

    @Option(
            names = "--stage-timeout",
            defaultValue = "" + TimeLimits.DEFAULT_STAGE_SECONDS,
            paramLabel = "SECONDS",
            description =
                    "Seconds for each stage and its actions; 0: no limit of their own (default: ${DEFAULT-VALUE}).")
    int stageTimeoutSeconds;

    @Mixin
    final SupervisionOptions supervision = new SupervisionOptions();

    @Mixin
    final JournalOptions journal = new JournalOptions();

    @Override
    public Integer call() {
        final long start = System.nanoTime();
        final Interruption interruption = new Interruption();
        final Restored restored = restore(interruption);
        if (pidFile != null) {
            writePid(pidFile, restored.root());
        }
        if (supervision.json()) {
            OutcomeJson.success(Console.current().out(), "restore", restored.root(), start);
        }
        if (detached) {
            return 0; // a signal comes too late now, and must not make a success look like none
        }
        interruption.close();
        final Asker asker = Console.current().asker();
        if (asker != null) {
            asker.awaitEnd(restored.child());
            return 0;
        }
        return awaitEnd(restored.child());
    }

    private Restored restore(final Interruption interruption) {
        return TreeRestore.run(new RestoreRequest(
                        image.directory(),
                        new RestoreOptions(
                                shellJob,
                                leaveStopped,
                                verify,
                                namespaces.namespaces(),
                                groups.options(),
                                connections.options(),
                                namespaces.joins,
                                connections.externalUnix,
                                inherit.descriptors()),
                        supervision.supervision(interruption, stageTimeoutSeconds, journal.begin()),
                        faults())
                .withParent(Console.current().parent())
                .with(order()));
    }

    private Order order() {
        return switch (order) {
            case "saved" -> Order.SAVED;
            case "parallel" -> Order.PARALLEL;
            default -> throw new Misuse("--order=" + order + ": it is saved or parallel");
        };
    }

    /** For tests: what is to go wrong. */
    private FaultInjector faults() {
        final String fault = System.getenv("BATON_FAULT");
        try {
            return fault == null ? FaultInjector.NONE : Fault.parse(fault);
        } catch (final IllegalArgumentException e) {
            throw new Misuse("BATON_FAULT=" + fault + " is no fault: " + e.getMessage());
        }
    }

    private static void writePid(final Path file, final int root) {
        try {
            Files.writeString(file, root + System.lineSeparator());
        } catch (final IOException e) {
            throw new BatonException(
                    ErrorCode.IMAGE_IO,
                    "the tree runs, root pid " + root + ", but --pidfile could not be written: " + e,
                    "write the pid there yourself",
                    e);
        }
    }

    /** Waits for the root, reaping what the tree orphans to us meanwhile. */
    private static int awaitEnd(final int child) {
        while (true) {
            final WaitStatus status = Wait.wait4(-1, Wait.WALL);
            if (status.pid() == child && status.isDead()) {
                return status.isExited() ? status.exitCode() : SIGNAL_BASE + status.termSignal();
            }
        }
    }
}
