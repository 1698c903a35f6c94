package io.baton.coordinator.journal;

import io.baton.coordinator.error.BatonException;
import io.baton.task.linux.ProcessName;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** A story in lines: one for each event, in order of time. */
public final class StoryText {
    /** Above {@link #line}. */
    public static final String HEADING =
            String.format("%-28s %-9s %7s %7s %10s  %s", "ID", "KIND", "ROOT", "TASKS", "MS", "IMAGE, END");

    private static final double NANOS_PER_MILLI = 1e6;

    private final Story story;
    private final List<Line> lines = new ArrayList<>();

    private record Line(long nanos, String text) {}

    private StoryText(final Story story) {
        this.story = story;
    }

    /** One line of a list. */
    public static String line(final Story story) {
        return String.format(
                Locale.ROOT,
                "%-28s %-9s %7d %7d %10.3f  %s, %s",
                story.id(),
                story.kind() == null ? "?" : story.kind().toString(),
                story.root(),
                story.tasks().size(),
                (story.last() - story.begun()) / NANOS_PER_MILLI,
                story.images() == null ? "-" : story.images(),
                outcome(story));
    }

    /** How it ended, or that it has not. */
    static String outcome(final Story story) {
        final BatonException failure = story.failure();
        if (failure != null) {
            return "failed: " + failure.code();
        }
        if (story.hasEnded()) {
            return "ended well";
        }
        if (!story.recovered().isEmpty()) {
            return "did not end; recovered";
        }
        final ProcessName coordinator = story.coordinator();
        final boolean alive = coordinator != null && coordinator.isInOurNamespace() && !coordinator.hasEnded();
        return (alive ? "under way, " : "did not end, ") + story.doing();
    }

    /** All of it. */
    public static void print(final Story story, final PrintWriter out) {
        final StoryText text = new StoryText(story);
        text.collect();
        text.lines.sort(Comparator.comparingLong(Line::nanos));
        out.println(HEADING);
        out.println(line(story));
        final ProcessName coordinator = story.coordinator();
        if (coordinator == null) {
            out.println("nothing was written");
            return;
        }
        out.println("begun " + Instant.ofEpochMilli(story.begunMillis()) + " by pid " + coordinator.pid());
        for (final Line line : text.lines) {
            out.println(String.format(
                    Locale.ROOT, "%12.3f  %s", (line.nanos() - story.begun()) / NANOS_PER_MILLI, line.text()));
        }
        story.slowest()
                .forEach(slow -> out.println(String.format(
                        Locale.ROOT,
                        "%12.3f  in pid %d: %s",
                        slow.nanos() / NANOS_PER_MILLI,
                        slow.pid(),
                        slow.instruction())));
        if (story.lost() > 0) {
            out.println(story.lost() + " records found no room");
        }
        story.recovered().forEach(what -> out.println("recovered: " + what));
    }

    private void add(final long nanos, final String text) {
        lines.add(new Line(nanos, text));
    }

    private static String millis(final long start, final long end) {
        return String.format(Locale.ROOT, "%.3f ms", (end - start) / NANOS_PER_MILLI);
    }

    private void collect() {
        for (final Story.Phase phase : story.phases()) {
            add(phase.end(), phase.name() + ": " + millis(phase.start(), phase.end()));
        }
        for (final Story.Stage stage : story.stages()) {
            add(stage.start(), stage.stage() + " started, tasks: " + stage.tasks());
            if (stage.end() != 0) {
                add(stage.end(), stage.stage() + " ended: " + millis(stage.start(), stage.end()));
            }
        }
        for (final Story.Event event : story.events()) {
            final String took = event.end() == event.start() ? "" : ": " + millis(event.start(), event.end());
            add(event.end(), "pid " + event.pid() + " " + event.event().name().toLowerCase(Locale.ROOT) + took);
        }
        for (final Story.Script script : story.scripts()) {
            add(
                    script.end(),
                    script.point() + " action, status " + script.status() + ": " + millis(script.start(), script.end())
                            + ": " + script.command());
        }
        final BatonException failure = story.failure();
        if (failure != null) {
            add(story.last(), "failed: " + failure.code() + ": " + failure.message());
        } else if (story.hasEnded()) {
            add(story.last(), "ended well");
        }
    }
}
