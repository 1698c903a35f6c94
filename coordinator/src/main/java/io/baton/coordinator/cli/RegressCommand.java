package io.baton.coordinator.cli;

import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.regress.Check;
import io.baton.coordinator.regress.JunitXml;
import io.baton.coordinator.regress.Ktap;
import io.baton.coordinator.regress.Outcome;
import io.baton.coordinator.regress.Suite;
import io.baton.coordinator.regress.checks.AllChecks;
import io.baton.task.linux.SystemInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code baton regress}. */
@Command(
        name = "regress",
        description =
                "Tries out what Baton relies on in the kernel, one small check after the other, and prints KTAP, as the"
                        + " kernel's own tests do. See docs/regress.md.")
final class RegressCommand implements Callable<Integer> {
    @Option(names = "--list", description = "Print what would be checked: id, what, source.")
    private boolean list;

    @Option(
            names = "--only",
            arity = "1..*",
            paramLabel = "GLOB",
            description = "Only checks whose id matches: clone3.*, '*.set_tid*'.")
    private List<String> only = List.of();

    @Option(names = "--junit", paramLabel = "FILE", description = "Write JUnit XML, too.")
    private @Nullable Path junit;

    @Option(
            names = "--timeout",
            defaultValue = "10",
            paramLabel = "SECONDS",
            description = "For each check (default: ${DEFAULT-VALUE}).")
    private int timeoutSeconds;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        List<Check> checks = AllChecks.matching(only);
        if (checks.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "no check matches: " + String.join(" ", only));
        }
        PrintWriter out = spec.commandLine().getOut();
        if (list) {
            checks.forEach(check -> out.println(String.join("\t", check.id(), check.what(), check.source())));
            out.flush();
            return 0;
        }
        List<Outcome> outcomes;
        try (Interruption interruption = new Interruption()) {
            Ktap ktap = new Ktap(out, checks.size());
            outcomes =
                    new Suite(TimeUnit.SECONDS.toNanos(timeoutSeconds), interruption::isAsked).run(checks, ktap::print);
            ktap.finish(outcomes);
        }
        if (junit != null) {
            try (Writer file = Files.newBufferedWriter(junit)) {
                JunitXml.write(outcomes, SystemInfo.names().release(), file);
            }
        }
        if (outcomes.size() < checks.size()) {
            return ErrorCode.INTERRUPTED.exitStatus();
        }
        return outcomes.stream().anyMatch(Outcome::isBad) ? ErrorCode.KERNEL_DIFFERS.exitStatus() : 0;
    }
}
