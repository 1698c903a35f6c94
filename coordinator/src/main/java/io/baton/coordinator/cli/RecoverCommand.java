package io.baton.coordinator.cli;

import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.journal.OperationJournal;
import io.baton.coordinator.recover.Recovery;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton recover}. */
@Command(
        name = "recover",
        description = "Finds operations that were killed before their end, and clears what they left: files of an "
                + "unfinished image, tasks of an unfinished restore. Nothing that is not provably theirs.")
final class RecoverCommand implements Callable<Integer> {
    @Option(names = "--dry-run", description = "Only say what would be done.")
    private boolean dryRun;

    @Option(
            names = "--journal-dir",
            paramLabel = "DIR",
            description = "Where journals are kept (default: as for restore).")
    private @Nullable Path directory;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        boolean complete = true;
        int found = 0;
        for (final OperationJournal operation : JournalOptions.state(directory).list()) {
            final Recovery recovery = Recovery.of(operation);
            if (recovery == null) {
                continue;
            }
            found++;
            out.println(recovery.describe());
            recovery.clear(dryRun).forEach(line -> out.println("  " + line));
            complete &= recovery.isComplete();
        }
        if (found == 0) {
            out.println("all operations have come to their end");
        }
        out.flush();
        return complete ? 0 : ErrorCode.NOT_PERMITTED.exitStatus();
    }
}
