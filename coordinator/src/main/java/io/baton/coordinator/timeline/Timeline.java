package io.baton.coordinator.timeline;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.journal.Story;
import io.baton.coordinator.progress.TaskRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A story as a picture sees it: a row for each task, times in microseconds from the beginning. */
public final class Timeline {
    /** How many of the slowest are listed. */
    static final int MOST = 20;

    /** When something did not happen. */
    static final long NEVER = -1;

    private final Story story;
    private final List<Row> rows = new ArrayList<>();
    private final Map<Integer, Row> byPid = new HashMap<>();

    /** A task; all times {@link #NEVER} until they are known. */
    static final class Row {
        final TaskRow task;
        long arrived = NEVER;
        long start = NEVER;
        long end = NEVER;
        long failed = NEVER;

        Row(final TaskRow task) {
            this.task = task;
        }

        /** How long it had the baton, or was captured. */
        long duration() {
            return start == NEVER ? 0 : end - start;
        }
    }

    public Timeline(final Story story) {
        this.story = story;
        for (final TaskRow task : story.tasks()) {
            row(task);
        }
        for (final Story.Event event : story.events()) {
            final Row known = byPid.get(event.pid());
            final Row row = known != null ? known : row(new TaskRow(event.pid(), "", ""));
            switch (event.event()) {
                case ARRIVED -> row.arrived = micros(event.start());
                case RESTORED, CAPTURED -> {
                    row.start = micros(event.start());
                    row.end = micros(event.end());
                }
                case FAILED -> row.failed = micros(event.start());
                default -> {} // asked before the dump itself
            }
        }
    }

    private Row row(final TaskRow task) {
        final Row row = new Row(task);
        rows.add(row);
        byPid.put(task.pid(), row);
        return row;
    }

    Story story() {
        return story;
    }

    /** In PID-array order. */
    List<Row> rows() {
        return rows;
    }

    /** Of that pid, which has a row. */
    String name(final int pid) {
        final Row row = byPid.get(pid);
        return row == null ? "" : row.task.name();
    }

    long micros(final long nanos) {
        return Math.max(0, (nanos - story.begun()) / 1000);
    }

    /** When the last thing happened. */
    long length() {
        return Math.max(1, micros(story.last()));
    }

    /** The end of a stage; of one that did not end, that of all. */
    long end(final Story.Stage stage) {
        return stage.end() == 0 ? length() : micros(stage.end());
    }

    /** The tasks that took longest, those first. */
    List<Row> slowestTasks() {
        return rows.stream()
                .filter(row -> row.duration() > 0)
                .sorted(Comparator.comparingLong(Row::duration).reversed())
                .limit(MOST)
                .toList();
    }

    /** How it ended, in words. */
    String outcome() {
        final BatonException failure = story.failure();
        if (failure != null) {
            return "failed: " + failure.code();
        }
        return story.hasEnded() ? "ended well" : "did not end: " + story.doing();
    }

    /** What it was, in words. */
    String title() {
        return story.kind() == null ? "an operation" : story.kind() + " of " + story.images();
    }
}
