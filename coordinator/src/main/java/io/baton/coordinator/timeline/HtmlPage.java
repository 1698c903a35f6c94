package io.baton.coordinator.timeline;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.journal.Story;
import io.baton.mktree.image.JsonWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/** A page that shows a timeline in a browser; all in one file, and nothing is fetched. */
public final class HtmlPage {
    private final Timeline timeline;
    private final StringBuilder data = new StringBuilder();
    private final JsonWriter json = new JsonWriter(data);

    private HtmlPage(final Timeline timeline) {
        this.timeline = timeline;
    }

    /** The page, in ASCII but for what it shows. */
    public static String of(final Timeline timeline) throws IOException {
        final HtmlPage page = new HtmlPage(timeline);
        page.writeData();
        // Nothing in the data may end the script it stands in.
        final String safe = page.data.toString().replace("<", "\\u003c");
        return resource("timeline.html")
                .replace("/*style*/", resource("timeline.css"))
                .replace("/*script*/", resource("timeline.js"))
                .replace("/*data*/", safe);
    }

    private static String resource(final String name) throws IOException {
        try (InputStream stream = HtmlPage.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw new IOException("not in the jar: " + name);
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private void writeData() throws IOException {
        final Story story = timeline.story();
        final BatonException failure = story.failure();
        json.begin('{');
        field("id", story.id());
        field("title", timeline.title());
        field("outcome", timeline.outcome());
        field("failure", failure == null ? "" : failure.message());
        json.name("ok").literal(story.hasEnded() && failure == null);
        json.name("root").literal(story.root());
        json.name("begun").literal(story.begunMillis());
        json.name("length").literal(timeline.length());
        json.name("lost").literal(story.lost());
        writeRows();
        writeBars(story);
        writeSlowest(story);
        json.end('}');
    }

    private void writeRows() throws IOException {
        final Map<String, Integer> words = new LinkedHashMap<>();
        column("pid", row -> row.task.pid());
        column("kind", row -> index(words, row.task.kind()));
        column("name", row -> index(words, row.task.name()));
        column("arrived", row -> row.arrived);
        column("start", row -> row.start);
        column("end", row -> row.end);
        column("failed", row -> row.failed);
        json.name("words").begin('[');
        for (final String word : words.keySet()) {
            json.string(word);
        }
        json.end(']');
    }

    private static int index(final Map<String, Integer> words, final String word) {
        return words.computeIfAbsent(word, one -> words.size());
    }

    /** One string of numbers, as short as they can be written. */
    private void column(final String name, final ToLongFunction<Timeline.Row> value) throws IOException {
        final StringBuilder numbers = new StringBuilder();
        for (final Timeline.Row row : timeline.rows()) {
            numbers.append(numbers.length() == 0 ? "" : " ").append(value.applyAsLong(row));
        }
        field(name, numbers.toString());
    }

    private void writeBars(final Story story) throws IOException {
        json.name("phases").begin('[');
        for (final Story.Phase phase : story.phases()) {
            bar(phase.name(), timeline.micros(phase.start()), timeline.micros(phase.end()), "");
        }
        json.end(']').name("stages").begin('[');
        for (final Story.Stage stage : story.stages()) {
            final String tasks = stage.tasks() == 0 ? "" : stage.tasks() + " tasks confirm";
            bar(stage.stage().name(), timeline.micros(stage.start()), timeline.end(stage), tasks);
        }
        json.end(']').name("scripts").begin('[');
        for (final Story.Script script : story.scripts()) {
            final String how = script.command() + ", status " + script.status();
            bar(script.point(), timeline.micros(script.start()), timeline.micros(script.end()), how);
        }
        json.end(']');
    }

    private void bar(final String name, final long start, final long end, final String note) throws IOException {
        json.begin('[').string(name).literal(start).literal(end).string(note).end(']');
    }

    private void writeSlowest(final Story story) throws IOException {
        json.name("slowTasks").begin('[');
        for (final Timeline.Row row : timeline.slowestTasks()) {
            json.literal(row.task.pid());
        }
        json.end(']').name("slowInstructions").begin('[');
        final List<Story.Slow> slowest = story.slowest();
        for (final Story.Slow slow : slowest) {
            json.begin('[').literal(slow.pid()).string(slow.instruction());
            json.literal(slow.nanos() / 1000).end(']');
        }
        json.end(']');
    }

    private void field(final String name, final String value) throws IOException {
        json.name(name).string(value);
    }
}
