package io.baton.coordinator.cli;

import io.baton.coordinator.timeline.HtmlPage;
import io.baton.coordinator.timeline.TextSummary;
import io.baton.coordinator.timeline.Timeline;
import io.baton.coordinator.timeline.TraceEvents;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton timeline}. */
@Command(
        name = "timeline",
        description = "Shows an operation as a picture: when which task had the baton, and what was slow.")
final class TimelineCommand implements Callable<Integer> {
    @Mixin
    private final JournalChoice choice = new JournalChoice();

    /** What to make. */
    enum Format {
        HTML,
        TRACE,
        TEXT
    }

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "html: a page for a browser, all in one file; trace: trace events for ui.perfetto.dev or "
                    + "chrome://tracing; text: a summary for a terminal (default: by the name of FILE, else text).")
    private @Nullable Format format;

    @Option(
            names = {"-w", "--write"},
            paramLabel = "FILE",
            description = "Write to this file instead of standard output.")
    private @Nullable Path file;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        final Timeline timeline = new Timeline(choice.chosen().read());
        final String text = print(timeline);
        if (file == null) {
            final PrintWriter out = spec.commandLine().getOut();
            out.print(text);
            out.flush();
        } else {
            Files.writeString(file, text, StandardCharsets.UTF_8);
        }
        return 0;
    }

    private String print(final Timeline timeline) throws IOException {
        switch (format()) {
            case HTML:
                return HtmlPage.of(timeline);
            case TRACE:
                final StringBuilder out = new StringBuilder();
                TraceEvents.write(timeline, out);
                return out.toString();
            default:
                return TextSummary.of(timeline);
        }
    }

    private Format format() {
        if (format != null) {
            return format;
        }
        final String name = file == null ? "" : file.toString();
        if (name.endsWith(".html")) {
            return Format.HTML;
        }
        return name.endsWith(".json") ? Format.TRACE : Format.TEXT;
    }
}
