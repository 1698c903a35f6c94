package io.baton.coordinator.journal;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.progress.OperationKind;
import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.progress.TaskEvent;
import io.baton.coordinator.progress.TaskRow;
import io.baton.mktree.plan.RestoreStage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What a listener was told, a line for each call; and random operations to tell of. */
final class Calls implements JournalListener {
    private static final String LETTERS = "abc (ä€\u00e9\n";

    private final List<String> lines = new ArrayList<>();

    List<String> lines() {
        return lines;
    }

    /** Tells a random operation of so many calls, without its end. */
    static void tell(final OperationListener listener, final Random random, final int calls) {
        listener.began(
                random(random, OperationKind.values()), Path.of("/images/" + text(random)), 0, random.nextLong());
        for (int i = 0; i < calls; i++) {
            tellOne(listener, random);
        }
    }

    private static void tellOne(final OperationListener listener, final Random random) {
        final long start = random.nextLong();
        final long end = start + random.nextInt(1_000_000);
        final int pid = 1 + random.nextInt(4_000_000);
        switch (random.nextInt(10)) {
            case 0 -> {
                final List<TaskRow> rows = new ArrayList<>();
                for (int i = random.nextInt(20); i > 0; i--) {
                    rows.add(new TaskRow(pid + i, text(random), text(random)));
                }
                listener.planned(rows);
            }
            case 1 -> listener.helper(pid, random.nextLong(), random.nextLong(), start);
            case 2 -> listener.phase(text(random), start, end);
            case 3 -> listener.stageStarted(random(random, RestoreStage.values()), pid, start);
            case 4 -> listener.stageEnded(random(random, RestoreStage.values()), end);
            case 5 -> listener.slowest(pid, text(random), start);
            case 6 -> listener.bytes(end, end);
            case 7 -> listener.script(text(random), text(random).repeat(100), random.nextInt(256), start, end);
            default -> listener.task(random(random, TaskEvent.values()), pid, start, end);
        }
    }

    private static String text(final Random random) {
        final StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(16); i > 0; i--) {
            text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return text.toString().replace('\n', ' ').strip();
    }

    private static <T> T random(final Random random, final T[] values) {
        return values[random.nextInt(values.length)];
    }

    /** Ends an operation, well or badly. */
    static void end(final OperationListener listener, final Random random) {
        if (random.nextBoolean()) {
            listener.ended(random.nextInt(1000), random.nextLong());
        } else {
            final ErrorCode code = random(random, ErrorCode.values());
            listener.failed(new BatonException(code, text(random), text(random)), random.nextLong());
        }
    }

    private void add(final Object... call) {
        lines.add(List.of(call).toString());
    }

    @Override
    public void began(final OperationKind kind, final Path images, final int root, final long nanos) {
        add("began", kind, images, root, nanos);
    }

    @Override
    public void planned(final List<TaskRow> tasks) {
        add("planned", tasks);
    }

    @Override
    public void helper(final int pid, final long device, final long inode, final long nanos) {
        add("helper", pid, device, inode, nanos);
    }

    @Override
    public void phase(final String name, final long startNanos, final long endNanos) {
        add("phase", name, startNanos, endNanos);
    }

    @Override
    public void stageStarted(final RestoreStage stage, final int tasks, final long nanos) {
        add("stageStarted", stage, tasks, nanos);
    }

    @Override
    public void stageEnded(final RestoreStage stage, final long nanos) {
        add("stageEnded", stage, nanos);
    }

    @Override
    public void task(final TaskEvent event, final int pid, final long startNanos, final long endNanos) {
        add("task", event, pid, startNanos, endNanos);
    }

    @Override
    public void slowest(final int pid, final String instruction, final long durationNanos) {
        add("slowest", pid, instruction, durationNanos);
    }

    @Override
    public void bytes(final long done, final long total) {
        add("bytes", done, total);
    }

    @Override
    public void script(
            final String point, final String command, final int status, final long startNanos, final long endNanos) {
        add("script", point, command, status, startNanos, endNanos);
    }

    @Override
    public void failed(final BatonException failure, final long nanos) {
        add("failed", failure.code(), failure.message(), failure.remedy(), nanos);
    }

    @Override
    public void ended(final int root, final long nanos) {
        add("ended", root, nanos);
    }

    @Override
    public void lost(final long records) {
        add("lost", records);
    }

    @Override
    public void recovered(final String what, final long wallMillis) {
        add("recovered", what);
    }
}
