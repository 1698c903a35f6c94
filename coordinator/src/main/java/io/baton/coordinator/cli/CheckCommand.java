package io.baton.coordinator.cli;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.SystemCheck;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.error.Refusal;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.state.DumpOptions;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton check}. */
@Command(
        name = "check",
        description =
                "Says whether a tree can be dumped, with every reason why not; without -t, whether this system and"
                        + " our rights will do.")
final class CheckCommand implements Callable<Integer> {
    @Option(
            names = {"-t", "--tree"},
            paramLabel = "PID",
            description = "The process at the root of the tree. It is stopped for a moment.")
    int root;

    @Option(
            names = {"-j", "--shell-job"},
            description = "The tree may belong to a shell's session and terminal.")
    boolean shellJob;

    @Option(
            names = "--timeout",
            defaultValue = SupervisionOptions.DEFAULT_TIMEOUT,
            paramLabel = "SECONDS",
            description = "For the whole check (default: ${DEFAULT-VALUE}).")
    int timeoutSeconds;

    @Mixin
    final ConnectionOptions connections = new ConnectionOptions();

    @Mixin
    final FreezerOptions freezer = new FreezerOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        return root == 0 ? checkSystem() : checkTree();
    }

    private int checkTree() {
        try (Interruption interruption = new Interruption()) {
            Deadline deadline = Deadline.after(timeoutSeconds, interruption::isAsked);
            List<Refusal> refusals = TreeDump.check(new DumpRequest(
                                    root,
                                    Path.of("."),
                                    new DumpOptions(shellJob).with(connections.options()),
                                    Finish.LEAVE_RUNNING,
                                    deadline)
                            .withFreezeCgroup(freezer.group))
                    .all();
            PrintWriter out = spec.commandLine().getOut();
            refusals.forEach(out::println);
            if (refusals.isEmpty()) {
                out.println("pid " + root + ": can be dumped");
            }
            out.flush();
            return refusals.isEmpty() ? 0 : ErrorCode.UNSUPPORTED.exitStatus();
        }
    }

    private int checkSystem() {
        PrintWriter out = spec.commandLine().getOut();
        boolean good = true;
        for (SystemCheck.Finding finding : SystemCheck.run()) {
            out.println(finding);
            good &= finding.good() || !finding.needed();
        }
        out.flush();
        return good ? 0 : ErrorCode.NOT_PERMITTED.exitStatus();
    }
}
