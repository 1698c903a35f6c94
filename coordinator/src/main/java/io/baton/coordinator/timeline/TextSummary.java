package io.baton.coordinator.timeline;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.journal.Story;
import java.util.List;
import java.util.Locale;

/** A timeline on a terminal: bars of phases and stages, and what was slowest. */
public final class TextSummary {
    private static final int WIDTH = 50;
    private static final int MOST = 10;

    private final Timeline timeline;
    private final StringBuilder out = new StringBuilder();

    private TextSummary(final Timeline timeline) {
        this.timeline = timeline;
    }

    /** The summary, lines ending in newlines. */
    public static String of(final Timeline timeline) {
        final TextSummary summary = new TextSummary(timeline);
        summary.write();
        return summary.out.toString();
    }

    private void write() {
        final Story story = timeline.story();
        final BatonException failure = story.failure();
        out.append(timeline.title()).append(": ").append(timeline.outcome()).append(", ");
        out.append(story.tasks().size())
                .append(" tasks, ")
                .append(millis(timeline.length()))
                .append(" ms\n");
        if (failure != null) {
            failure.message()
                    .lines()
                    .forEach(line -> out.append("  ").append(line).append('\n'));
        }
        heading("PHASE", story.phases().isEmpty());
        for (final Story.Phase phase : story.phases()) {
            bar(phase.name(), timeline.micros(phase.start()), timeline.micros(phase.end()));
        }
        heading("STAGE", story.stages().isEmpty());
        for (final Story.Stage stage : story.stages()) {
            bar(stage.stage().name(), timeline.micros(stage.start()), timeline.end(stage));
        }
        heading("ACTION", story.scripts().isEmpty());
        for (final Story.Script script : story.scripts()) {
            bar(script.point(), timeline.micros(script.start()), timeline.micros(script.end()));
        }
        slowest(story);
    }

    private void slowest(final Story story) {
        final List<Timeline.Row> tasks = timeline.slowestTasks();
        if (!tasks.isEmpty()) {
            out.append(String.format(Locale.ROOT, "%n%9s  %8s  SLOWEST TASKS%n", "MS", "PID"));
        }
        for (final Timeline.Row row : tasks.subList(0, Math.min(MOST, tasks.size()))) {
            line(row.duration(), row.task.pid(), row.task.name() + " (" + row.task.kind() + ")");
        }
        final List<Story.Slow> slow = story.slowest();
        if (!slow.isEmpty()) {
            out.append(String.format(Locale.ROOT, "%n%9s  %8s  SLOWEST INSTRUCTIONS%n", "MS", "PID"));
        }
        for (final Story.Slow one : slow.subList(0, Math.min(MOST, slow.size()))) {
            line(one.nanos() / 1000, one.pid(), one.instruction() + " of " + timeline.name(one.pid()));
        }
    }

    private void line(final long micros, final int pid, final String what) {
        out.append(String.format(Locale.ROOT, "%9s  %8d  %s%n", millis(micros), pid, what));
    }

    private void heading(final String what, final boolean empty) {
        if (!empty) {
            out.append(String.format(Locale.ROOT, "%n%-20s %10s%n", what, "MS"));
        }
    }

    private void bar(final String name, final long start, final long end) {
        final int from = cell(start);
        final int to = Math.max(from + 1, cell(end));
        out.append(String.format(Locale.ROOT, "%-20s %10s  |", name, millis(end - start)));
        out.append(" ".repeat(from)).append("#".repeat(to - from));
        out.append(" ".repeat(Math.max(0, WIDTH - to))).append("|\n");
    }

    private int cell(final long micros) {
        return (int) Math.min(WIDTH - 1L, micros * WIDTH / timeline.length());
    }

    private static String millis(final long micros) {
        return String.format(Locale.ROOT, "%.3f", micros / 1e3);
    }
}
