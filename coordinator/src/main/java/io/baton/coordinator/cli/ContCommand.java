package io.baton.coordinator.cli;

import io.baton.coordinator.cont.TreeCont;
import io.baton.coordinator.ptrace.Deadline;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton cont}. */
@Command(
        name = "cont",
        description =
                "Continues a tree that --leave-stopped has left stopped, all at once. What a signal had stopped before"
                        + " the dump stays stopped.")
final class ContCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PID", description = "The process at the root of the tree.")
    int root;

    @Option(
            names = {"-a", "--all"},
            description = "Whoever stopped them: continue all that is stopped in the tree.")
    boolean all;

    @Option(
            names = "--timeout",
            defaultValue = SupervisionOptions.DEFAULT_TIMEOUT,
            paramLabel = "SECONDS",
            description = "For the whole of it (default: ${DEFAULT-VALUE}).")
    int timeoutSeconds;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        try (Interruption interruption = new Interruption()) {
            TreeCont.Outcome outcome = TreeCont.run(root, all, Deadline.after(timeoutSeconds, interruption::isAsked));
            PrintWriter out = spec.commandLine().getOut();
            out.println("continued " + count(outcome.continued().size())
                    + (outcome.stopped().isEmpty() ? "" : "; stopped before, and still: " + outcome.stopped()));
            out.flush();
        }
        return 0;
    }

    private static String count(int processes) {
        return processes == 1 ? "1 process" : processes + " processes";
    }
}
