package io.baton.coordinator.cli;

import io.baton.coordinator.journal.OperationJournal;
import io.baton.coordinator.journal.Story;
import io.baton.coordinator.journal.StoryJson;
import io.baton.coordinator.journal.StoryText;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton journal}. */
@Command(name = "journal", description = "Prints what an operation did, event by event, or lists the operations.")
final class JournalCommand implements Callable<Integer> {
    @Mixin
    private final JournalChoice choice = new JournalChoice();

    @Option(names = "--list", description = "List the operations, the newest first.")
    private boolean list;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        if (!list) {
            final Story story = choice.chosen().read();
            if (json) {
                StoryJson.story(story, out);
                out.println();
            } else {
                StoryText.print(story, out);
            }
        } else if (json) {
            StoryJson.list(choice.state().list(), out);
            out.println();
        } else {
            out.println(StoryText.HEADING);
            for (final OperationJournal operation : choice.state().list()) {
                out.println(StoryText.line(operation.glance()));
            }
        }
        out.flush();
        return 0;
    }
}
