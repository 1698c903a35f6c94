package io.baton.coordinator.cli;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeCheck;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.Outcome;
import io.baton.coordinator.regress.Suite;
import io.baton.coordinator.regress.checks.AllChecks;
import io.baton.coordinator.state.DumpOptions;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton check}. */
@Command(
        name = "check",
        description =
                "Lists every object of a live tree with its verdict: restorable, needs an option, or refused, and why."
                        + " Exit status 0: it can be dumped; 3: not so. Without -t, says whether this system and our"
                        + " rights will do.")
final class CheckCommand implements Callable<Integer> {
    private static final long PATIENCE_SECONDS = 5;

    @Option(
            names = {"-t", "--tree"},
            paramLabel = "PID",
            description = "The process at the root of the tree. It is stopped for a moment.")
    int root;

    @Option(names = "--json", description = "With -t: print JSON, see docs/state.md.")
    boolean json;

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
    final FileChoices files = new FileChoices();

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
            TreeCheck check = TreeCheck.of(new DumpRequest(
                            root,
                            Path.of("."),
                            new DumpOptions(shellJob)
                                    .with(connections.options())
                                    .with(files.options()),
                            Finish.LEAVE_RUNNING,
                            deadline)
                    .withFreezeCgroup(freezer.group));
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                VerdictReport.json(root, check, out);
            } else {
                VerdictReport.table(root, check, out);
            }
            return check.isDumpable() ? 0 : ErrorCode.UNSUPPORTED.exitStatus();
        }
    }

    /** With the checks of baton regress that any tree needs. */
    private int checkSystem() {
        PrintWriter out = spec.commandLine().getOut();
        try (Interruption interruption = new Interruption()) {
            List<Check> checks = AllChecks.ofSystem();
            List<Outcome> outcomes = new Suite(TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS), interruption::isAsked)
                    .run(checks, outcome -> out.println(line(outcome)));
            out.flush();
            if (outcomes.size() < checks.size()) {
                return ErrorCode.INTERRUPTED.exitStatus();
            }
            boolean good = outcomes.stream()
                    .allMatch(one -> one.status() == Outcome.Status.OK
                            || !one.check().need().isRequired());
            return good ? 0 : ErrorCode.NOT_PERMITTED.exitStatus();
        }
    }

    private static String line(Outcome outcome) {
        Check check = outcome.check();
        String name = check.id() + ": " + check.what();
        if (outcome.status() == Outcome.Status.OK) {
            return "ok       " + name;
        }
        return (check.need().isRequired() ? "MISSING  " : "lacking  ") + name + ": " + outcome.reason()
                + (check.remedy().isEmpty() ? "" : " (" + check.remedy() + ")");
    }
}
