package io.baton.coordinator.cli;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.restore.ProgramListing;
import io.baton.coordinator.state.RestoreOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton explain}. */
@Command(
        name = "explain",
        description = "Prints what a restore of an image would do, as system calls, and does none of it.")
final class ExplainCommand implements Callable<Integer> {
    @Mixin
    private final ImageOptions image = new ImageOptions();

    @Option(
            names = {"-p", "--pid"},
            paramLabel = "PID",
            description = "Only what this process does, with all its threads.")
    private int pid = ProgramListing.ALL;

    @Option(names = "--hierarchy", description = "Only how the tree is made: who creates whom, sessions, groups.")
    private boolean hierarchy;

    @Option(
            names = {"-j", "--shell-job"},
            description = "As restore --shell-job would do it.")
    private boolean shellJob;

    @Mixin
    private final RestoreConnectionOptions connections = new RestoreConnectionOptions();

    @Mixin
    private final NamespaceOptions namespaces = new NamespaceOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        final RestoreOptions options = new RestoreOptions(shellJob, false, false, namespaces.namespaces())
                .with(connections.options())
                .with(namespaces.joins)
                .withExternalUnix(connections.externalUnix);
        if (!ProgramListing.print(
                image.directory(), options, pid, hierarchy, spec.commandLine().getOut())) {
            throw new BatonException(
                    ErrorCode.NO_SUCH_PROCESS,
                    "no process with pid " + pid + " in the image: directory=" + image.directory(),
                    "baton show -D " + image.directory() + " lists them");
        }
        return 0;
    }
}
