package io.baton.coordinator.cli;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.journal.OperationJournal;
import io.baton.coordinator.journal.StateDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which operation's journal to read. */
final class JournalChoice {
    private static final String REMEDY = "baton journal --list shows what there is";

    @Parameters(
            arity = "0..1",
            paramLabel = "ID",
            description = "The operation, as --list has it, or how it begins; without it, the newest.")
    private @Nullable String id;

    @Option(
            names = {"-D", "--images-dir"},
            paramLabel = "DIR",
            description = "The newest operation on the image in this directory.")
    private @Nullable Path images;

    @Option(
            names = "--journal-dir",
            paramLabel = "DIR",
            description = "Where journals are kept (default: as for restore).")
    private @Nullable Path directory;

    StateDirectory state() {
        return JournalOptions.state(directory);
    }

    /** The journal that is meant. */
    OperationJournal chosen() throws IOException {
        final StateDirectory state = state();
        state.prune();
        final OperationJournal found;
        if (id != null) {
            found = state.find(id);
        } else if (images != null) {
            found = state.newestOf(images);
        } else {
            final List<OperationJournal> all = state.list();
            found = all.isEmpty() ? null : all.get(0);
        }
        if (found == null) {
            final String which = id != null ? " of operation " + id : images != null ? " on image " + images : "";
            throw new BatonException(
                    ErrorCode.MISSING_RESOURCE, "no journal" + which + ": directory=" + state.path(), REMEDY);
        }
        return found;
    }
}
