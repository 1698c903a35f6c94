package io.baton.coordinator.timeline;

import io.baton.coordinator.journal.Story;
import java.io.IOException;

/**
 * A timeline as trace events, which Perfetto and chrome://tracing show. Source: the Trace Event Format: "X" is a bar, "i" a
 * moment, "M" a name; times in microseconds.
 */
public final class TraceEvents {
    /** Numbers of the tracks that are not tasks: below every pid, as 0 is shown as none. */
    private static final int COORDINATOR = 1;

    private static final int TASKS = 2;
    private static final int PHASES = 1;
    private static final int STAGES = 2;
    private static final int SCRIPTS = 3;

    private final Appendable out;
    private boolean first = true;

    private TraceEvents(final Appendable out) {
        this.out = out;
    }

    /** Writes it as JSON. */
    public static void write(final Timeline timeline, final Appendable out) throws IOException {
        final TraceEvents trace = new TraceEvents(out);
        out.append("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [");
        trace.coordinator(timeline);
        trace.tasks(timeline);
        out.append("\n]}\n");
    }

    private void coordinator(final Timeline timeline) throws IOException {
        final Story story = timeline.story();
        name("process_name", COORDINATOR, 0, timeline.title() + " (" + timeline.outcome() + ")");
        name("thread_name", COORDINATOR, PHASES, "phases");
        name("thread_name", COORDINATOR, STAGES, "stages");
        for (final Story.Phase phase : story.phases()) {
            bar(phase.name(), COORDINATOR, PHASES, timeline.micros(phase.start()), timeline.micros(phase.end()));
        }
        for (final Story.Stage stage : story.stages()) {
            bar(stage.stage().name(), COORDINATOR, STAGES, timeline.micros(stage.start()), timeline.end(stage));
        }
        if (!story.scripts().isEmpty()) {
            name("thread_name", COORDINATOR, SCRIPTS, "action scripts");
        }
        for (final Story.Script script : story.scripts()) {
            bar(script.point(), COORDINATOR, SCRIPTS, timeline.micros(script.start()), timeline.micros(script.end()));
        }
    }

    private void tasks(final Timeline timeline) throws IOException {
        name("process_name", TASKS, 0, "tasks");
        int order = 0;
        for (final Timeline.Row row : timeline.rows()) {
            final int pid = row.task.pid();
            name("thread_name", TASKS, pid, row.task.name() + " (" + row.task.kind() + ")");
            begin("M", "thread_sort_index", TASKS, pid);
            out.append(", \"args\": {\"sort_index\": ")
                    .append(Integer.toString(order++))
                    .append("}}");
            if (row.arrived != Timeline.NEVER) {
                moment("arrived", pid, row.arrived);
            }
            if (row.start != Timeline.NEVER) {
                bar(row.arrived == Timeline.NEVER ? "captured" : "baton", TASKS, pid, row.start, row.end);
            }
            if (row.failed != Timeline.NEVER) {
                moment("failed", pid, row.failed);
            }
        }
    }

    private void name(final String what, final int process, final int thread, final String name) throws IOException {
        begin("M", what, process, thread);
        out.append(", \"args\": {\"name\": ").append(quote(name)).append("}}");
    }

    private void bar(final String name, final int process, final int thread, final long start, final long end)
            throws IOException {
        begin("X", name, process, thread);
        out.append(", \"ts\": ").append(Long.toString(start));
        out.append(", \"dur\": ").append(Long.toString(end - start)).append('}');
    }

    private void moment(final String name, final int thread, final long at) throws IOException {
        begin("i", name, TASKS, thread);
        out.append(", \"s\": \"t\", \"ts\": ").append(Long.toString(at)).append('}');
    }

    private void begin(final String phase, final String name, final int process, final int thread) throws IOException {
        out.append(first ? "\n" : ",\n").append("{\"ph\": \"").append(phase).append("\", \"name\": ");
        out.append(quote(name)).append(", \"pid\": ").append(Integer.toString(process));
        out.append(", \"tid\": ").append(Integer.toString(thread));
        first = false;
    }

    private static String quote(final String text) throws IOException {
        final StringBuilder quoted = new StringBuilder();
        new io.baton.mktree.image.JsonWriter(quoted).string(text);
        return quoted.toString();
    }
}
