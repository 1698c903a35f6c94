package io.baton.coordinator.cli;

import io.baton.coordinator.journal.StateDirectory;
import io.baton.coordinator.progress.OperationListener;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** Whether and where an operation is written down. */
final class JournalOptions {
    @Option(names = "--no-journal", description = "Do not write down what happens.")
    private boolean off;

    @Option(
            names = "--journal-dir",
            paramLabel = "DIR",
            description = "Where journals are kept (default: $$BATON_STATE_DIR; else for root "
                    + "/var/lib/baton/operations, for others $$XDG_STATE_HOME/baton/operations).")
    private @Nullable Path directory;

    /** The journal of an operation that begins now; hears nothing when there is none. */
    OperationListener begin() {
        if (off) {
            return OperationListener.NONE;
        }
        try {
            return state(directory).begin();
        } catch (final LinuxException e) {
            LoggerFactory.getLogger(JournalOptions.class).warn("no journal: {}", e.getMessage());
            return OperationListener.NONE;
        }
    }

    static StateDirectory state(final @Nullable Path directory) {
        return directory == null
                ? StateDirectory.standard(Console.current().environment(), Identity.uid())
                : StateDirectory.at(directory);
    }
}
