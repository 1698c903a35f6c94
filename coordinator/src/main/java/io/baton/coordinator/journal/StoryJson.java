package io.baton.coordinator.journal;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.progress.TaskRow;
import io.baton.mktree.image.JsonWriter;
import io.baton.task.linux.ProcessName;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Stories for programs. Times in ns since the operation was begun. Fields may be added, but neither renamed nor removed. */
public final class StoryJson {
    private final JsonWriter json;

    private StoryJson(final Appendable out) {
        this.json = new JsonWriter(out);
    }

    /** Writes all of one. */
    public static void story(final Story story, final Appendable out) throws IOException {
        final StoryJson writer = new StoryJson(out);
        writer.json.begin('{');
        writer.head(story);
        writer.parts(story);
        writer.tasks(story);
        writer.json.name("recovered").begin('[');
        for (final String what : story.recovered()) {
            writer.json.string(what);
        }
        writer.json.end(']').end('}');
    }

    /** Writes what each of them was. */
    public static void list(final List<OperationJournal> operations, final Appendable out) throws IOException {
        final StoryJson writer = new StoryJson(out);
        writer.json.begin('{').name("operations").begin('[');
        for (final OperationJournal operation : operations) {
            writer.json.begin('{');
            writer.head(operation.glance());
            writer.json.end('}');
        }
        writer.json.end(']').end('}');
    }

    private void head(final Story story) throws IOException {
        final BatonException failure = story.failure();
        final ProcessName coordinator = story.coordinator();
        json.name("id").string(story.id());
        json.name("kind").string(story.kind() == null ? "" : story.kind().toString());
        json.name("images").string(story.images() == null ? "" : story.images().toString());
        json.name("root").literal(story.root());
        json.name("begun_millis").literal(story.begunMillis());
        json.name("coordinator").literal(coordinator == null ? 0 : coordinator.pid());
        json.name("task_count").literal(story.tasks().size());
        json.name("nanos").literal(story.last() - story.begun());
        json.name("ended").literal(story.hasEnded());
        json.name("outcome").string(StoryText.outcome(story));
        if (failure != null) {
            json.name("error").string(failure.code().name());
            json.name("message").string(failure.message());
            json.name("remedy").string(failure.remedy());
        }
        json.name("lost_records").literal(story.lost());
    }

    private void parts(final Story story) throws IOException {
        json.name("phases").begin('[');
        for (final Story.Phase phase : story.phases()) {
            json.begin('{').name("name").string(phase.name());
            times(story, phase.start(), phase.end());
            json.end('}');
        }
        json.end(']').name("stages").begin('[');
        for (final Story.Stage stage : story.stages()) {
            json.begin('{').name("name").string(stage.stage().name());
            json.name("tasks").literal(stage.tasks());
            times(story, stage.start(), stage.end());
            json.end('}');
        }
        json.end(']').name("actions").begin('[');
        for (final Story.Script script : story.scripts()) {
            json.begin('{').name("point").string(script.point());
            json.name("command").string(script.command());
            json.name("status").literal(script.status());
            times(story, script.start(), script.end());
            json.end('}');
        }
        json.end(']');
    }

    private void tasks(final Story story) throws IOException {
        json.name("tasks").begin('[');
        for (final TaskRow task : story.tasks()) {
            json.begin('{').name("pid").literal(task.pid());
            json.name("kind").string(task.kind());
            json.name("comm").string(task.name()).end('}');
        }
        json.end(']').name("events").begin('[');
        for (final Story.Event event : story.events()) {
            json.begin('{').name("pid").literal(event.pid());
            json.name("event").string(event.event().name().toLowerCase(Locale.ROOT));
            times(story, event.start(), event.end());
            json.end('}');
        }
        json.end(']').name("slowest_instructions").begin('[');
        for (final Story.Slow slow : story.slowest()) {
            json.begin('{').name("pid").literal(slow.pid());
            json.name("instruction").string(slow.instruction());
            json.name("nanos").literal(slow.nanos()).end('}');
        }
        json.end(']');
    }

    /** An end that has not come is left out. */
    private void times(final Story story, final long start, final long end) throws IOException {
        json.name("start").literal(start - story.begun());
        if (end != 0) {
            json.name("end").literal(end - story.begun());
        }
    }
}
