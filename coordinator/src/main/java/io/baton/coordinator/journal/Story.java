package io.baton.coordinator.journal;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.progress.OperationKind;
import io.baton.coordinator.progress.TaskEvent;
import io.baton.coordinator.progress.TaskRow;
import io.baton.mktree.plan.RestoreStage;
import io.baton.task.linux.ProcessName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** All that a journal tells of an operation, collected. Times are CLOCK_MONOTONIC in ns. */
public final class Story implements JournalListener {
    /** A part of the coordinator's work. */
    public record Phase(String name, long start, long end) {}

    /** A stage; end 0: it had not ended. */
    public record Stage(RestoreStage stage, int tasks, long start, long end) {}

    /** What happened to a task. */
    public record Event(TaskEvent event, int pid, long start, long end) {}

    /** One of the slowest instructions. */
    public record Slow(int pid, String instruction, long nanos) {}

    /** An action script. */
    public record Script(String point, String command, int status, long start, long end) {}

    /** The helper and its segment. */
    public record Segment(int helper, long device, long inode) {}

    /** A freezer group that was used: whether it was frozen before, and whether it was not there before. */
    public record Freezer(Path group, boolean frozen, boolean made) {}

    private final String id;
    private @Nullable ProcessName coordinator;
    private long openedNanos;
    private long openedMillis;
    private @Nullable OperationKind kind;
    private @Nullable Path images;
    private int root;
    private long begun;
    private long last;
    private List<TaskRow> tasks = List.of();
    private @Nullable Segment segment;
    private final List<Freezer> freezers = new ArrayList<>();
    private final List<Phase> phases = new ArrayList<>();
    private final List<Stage> stages = new ArrayList<>();
    private final List<Event> events = new ArrayList<>();
    private final List<Slow> slowest = new ArrayList<>();
    private final List<Script> scripts = new ArrayList<>();
    private final List<String> recovered = new ArrayList<>();
    private long bytesDone;
    private long bytesTotal;
    private long lost;
    private long ended;
    private @Nullable BatonException failure;

    public Story(final String id) {
        this.id = id;
    }

    @Override
    public void opened(final ProcessName process, final long nanos, final long wallMillis) {
        coordinator = process;
        openedNanos = nanos;
        openedMillis = wallMillis;
        begun = nanos;
        last = nanos;
    }

    @Override
    public void began(final OperationKind what, final Path directory, final int pid, final long nanos) {
        kind = what;
        images = directory;
        root = pid;
        begun = nanos;
        saw(nanos);
    }

    @Override
    public void planned(final List<TaskRow> rows) {
        tasks = rows;
    }

    @Override
    public void helper(final int pid, final long device, final long inode, final long nanos) {
        segment = new Segment(pid, device, inode);
        saw(nanos);
    }

    @Override
    public void freezer(final Path group, final boolean frozen, final boolean made, final long nanos) {
        freezers.add(new Freezer(group, frozen, made));
        saw(nanos);
    }

    @Override
    public void phase(final String name, final long startNanos, final long endNanos) {
        phases.add(new Phase(name, startNanos, endNanos));
        saw(endNanos);
    }

    @Override
    public void stageStarted(final RestoreStage stage, final int count, final long nanos) {
        stages.add(new Stage(stage, count, nanos, 0));
        saw(nanos);
    }

    @Override
    public void stageEnded(final RestoreStage stage, final long nanos) {
        for (int i = stages.size() - 1; i >= 0; i--) {
            final Stage open = stages.get(i);
            if (open.stage() == stage && open.end() == 0) {
                stages.set(i, new Stage(stage, open.tasks(), open.start(), nanos));
                break;
            }
        }
        saw(nanos);
    }

    @Override
    public void task(final TaskEvent event, final int pid, final long startNanos, final long endNanos) {
        events.add(new Event(event, pid, startNanos, endNanos));
        saw(endNanos);
    }

    @Override
    public void slowest(final int pid, final String instruction, final long durationNanos) {
        slowest.add(new Slow(pid, instruction, durationNanos));
    }

    @Override
    public void bytes(final long done, final long total) {
        bytesDone = done;
        bytesTotal = total;
    }

    @Override
    public void script(
            final String point, final String command, final int status, final long startNanos, final long endNanos) {
        scripts.add(new Script(point, command, status, startNanos, endNanos));
        saw(endNanos);
    }

    @Override
    public void failed(final BatonException cause, final long nanos) {
        failure = cause;
        ended = nanos;
        saw(nanos);
    }

    @Override
    public void ended(final int pid, final long nanos) {
        root = pid;
        ended = nanos;
        saw(nanos);
    }

    @Override
    public void lost(final long records) {
        lost += records;
    }

    @Override
    public void recovered(final String what, final long wallMillis) {
        recovered.add(what);
    }

    private void saw(final long nanos) {
        if (nanos - last > 0) {
            last = nanos;
        }
    }

    public String id() {
        return id;
    }

    /** Who did it; null when not even that was written. */
    public @Nullable ProcessName coordinator() {
        return coordinator;
    }

    /** When it was begun, in ms since 1970. */
    public long begunMillis() {
        return openedMillis + (begun - openedNanos) / 1_000_000;
    }

    public @Nullable OperationKind kind() {
        return kind;
    }

    /** Directory of the image. */
    public @Nullable Path images() {
        return images;
    }

    /** The root's pid; 0 while unknown. */
    public int root() {
        return root;
    }

    public long begun() {
        return begun;
    }

    /** The last time that is known of. */
    public long last() {
        return last;
    }

    public List<TaskRow> tasks() {
        return tasks;
    }

    /** Null until the helper ran. */
    public @Nullable Segment segment() {
        return segment;
    }

    public List<Freezer> freezers() {
        return Collections.unmodifiableList(freezers);
    }

    public List<Phase> phases() {
        return Collections.unmodifiableList(phases);
    }

    public List<Stage> stages() {
        return Collections.unmodifiableList(stages);
    }

    public List<Event> events() {
        return Collections.unmodifiableList(events);
    }

    public List<Slow> slowest() {
        return Collections.unmodifiableList(slowest);
    }

    public List<Script> scripts() {
        return Collections.unmodifiableList(scripts);
    }

    /** What was cleared after it. */
    public List<String> recovered() {
        return Collections.unmodifiableList(recovered);
    }

    public long bytesDone() {
        return bytesDone;
    }

    /** 0 when unknown. */
    public long bytesTotal() {
        return bytesTotal;
    }

    /** Records that found no room. */
    public long lost() {
        return lost;
    }

    /** Whether it came to its end, well or badly. */
    public boolean hasEnded() {
        return ended != 0;
    }

    /** Why it failed, or null. */
    public @Nullable BatonException failure() {
        return failure;
    }

    /** What it was doing last, in words. */
    public String doing() {
        for (int i = stages.size() - 1; i >= 0; i--) {
            if (stages.get(i).end() == 0) {
                return "in stage " + stages.get(i).stage();
            }
        }
        if (!phases.isEmpty()) {
            return "after \"" + phases.get(phases.size() - 1).name() + '"';
        }
        return kind == null ? "about to begin" : "at its beginning";
    }
}
