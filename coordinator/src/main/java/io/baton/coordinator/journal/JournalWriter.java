package io.baton.coordinator.journal;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.progress.OperationKind;
import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.progress.TaskEvent;
import io.baton.coordinator.progress.TaskRow;
import io.baton.mktree.plan.RestoreStage;
import io.baton.task.linux.ProcessName;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.slf4j.LoggerFactory;

/**
 * Writes down what an operation tells. It never fails the operation: if it cannot write, it warns and keeps silent from then
 * on.
 */
public final class JournalWriter implements OperationListener, AutoCloseable {
    /** Progress in bytes is told with every piece, and written this often. */
    private static final long BYTES_NANOS = 10_000_000;

    private static final int FIRST_LENGTH = 1024;

    private final RecordSink sink;
    private final UnsafeBuffer record = new UnsafeBuffer(new byte[FIRST_LENGTH]);
    private int length;
    private long lost;
    private long bytesTold;
    private boolean closed;

    JournalWriter(final RecordSink sink, final ProcessName coordinator) {
        this.sink = sink;
        head(RecordDescriptor.OPENED, System.nanoTime(), 0, System.currentTimeMillis(), 0);
        text(coordinator.toString());
        append();
    }

    /** A writer that goes on where another has ended. */
    JournalWriter(final RecordSink sink) {
        this.sink = sink;
    }

    @Override
    public void began(final OperationKind kind, final Path images, final int root, final long nanos) {
        head(RecordDescriptor.BEGAN, nanos, nanos, root, 0);
        text(kind.name());
        text(images.toAbsolutePath().normalize().toString());
        append();
    }

    @Override
    public void planned(final List<TaskRow> tasks) {
        head(RecordDescriptor.PLANNED, 0, 0, tasks.size(), 0);
        append();
        for (final TaskRow task : tasks) {
            head(RecordDescriptor.TASK_ROW, 0, 0, task.pid(), 0);
            text(task.kind());
            text(task.name());
            append();
        }
    }

    @Override
    public void helper(final int pid, final long device, final long inode, final long nanos) {
        head(RecordDescriptor.HELPER, nanos, device, inode, pid);
        append();
    }

    @Override
    public void freezer(final Path group, final boolean frozen, final boolean made, final long nanos) {
        head(RecordDescriptor.FREEZER, nanos, nanos, frozen ? 1 : 0, made ? 1 : 0);
        text(group.toString());
        append();
    }

    @Override
    public void phase(final String name, final long startNanos, final long endNanos) {
        head(RecordDescriptor.PHASE, startNanos, endNanos, 0, 0);
        text(name);
        append();
    }

    @Override
    public void stageStarted(final RestoreStage stage, final int tasks, final long nanos) {
        head(RecordDescriptor.STAGE_STARTED, nanos, nanos, tasks, stage.number());
        append();
    }

    @Override
    public void stageEnded(final RestoreStage stage, final long nanos) {
        head(RecordDescriptor.STAGE_ENDED, nanos, nanos, 0, stage.number());
        append();
    }

    @Override
    public void task(final TaskEvent event, final int pid, final long startNanos, final long endNanos) {
        head(RecordDescriptor.TASK, startNanos, endNanos, pid, event.number());
        append();
    }

    @Override
    public void slowest(final int pid, final String instruction, final long durationNanos) {
        head(RecordDescriptor.SLOWEST, 0, durationNanos, pid, 0);
        text(instruction);
        append();
    }

    @Override
    public void bytes(final long done, final long total) {
        final long now = System.nanoTime();
        if (done == total || bytesTold == 0 || now - bytesTold > BYTES_NANOS) {
            bytesTold = now;
            head(RecordDescriptor.BYTES, now, total, done, 0);
            append();
        }
    }

    @Override
    public void script(
            final String point, final String command, final int status, final long startNanos, final long endNanos) {
        head(RecordDescriptor.SCRIPT, startNanos, endNanos, 0, status);
        text(point);
        text(command);
        append();
    }

    @Override
    public void failed(final BatonException failure, final long nanos) {
        head(RecordDescriptor.FAILED, nanos, nanos, 0, 0);
        text(failure.code().name());
        text(failure.message());
        text(failure.remedy());
        append();
        close();
    }

    @Override
    public void ended(final int root, final long nanos) {
        head(RecordDescriptor.ENDED, nanos, nanos, root, 0);
        append();
        close();
    }

    void recovered(final String what, final long wallMillis) {
        head(RecordDescriptor.RECOVERED, 0, 0, wallMillis, 0);
        text(what);
        append();
    }

    private void head(final int type, final long start, final long end, final long number, final int code) {
        record.putInt(RecordDescriptor.TYPE_OFFSET, type);
        record.putLong(RecordDescriptor.START_OFFSET, start);
        record.putLong(RecordDescriptor.END_OFFSET, end);
        record.putLong(RecordDescriptor.NUMBER_OFFSET, number);
        record.putInt(RecordDescriptor.CODE_OFFSET, code);
        record.putInt(RecordDescriptor.TEXTS_OFFSET, 0);
        length = RecordDescriptor.HEAD_LENGTH;
    }

    private void text(final String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        final int end = length + Integer.BYTES + bytes.length;
        if (end > record.capacity()) {
            final byte[] larger = new byte[2 * end];
            record.getBytes(0, larger, 0, length);
            record.wrap(larger);
        }
        record.putInt(length, bytes.length);
        record.putBytes(length + Integer.BYTES, bytes);
        record.putInt(RecordDescriptor.TEXTS_OFFSET, record.getInt(RecordDescriptor.TEXTS_OFFSET) + 1);
        length = end;
    }

    private void append() {
        if (closed) {
            return;
        }
        record.putInt(RecordDescriptor.LENGTH_OFFSET, length);
        try {
            if (!sink.append(record, length)) {
                lost++;
            }
        } catch (final RuntimeException e) {
            closed = true;
            sink.close();
            LoggerFactory.getLogger(JournalWriter.class).warn("journal ends here: {}", e.getMessage());
        }
    }

    /** All has been told; called by the last event, and when none came. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (lost > 0) {
            head(RecordDescriptor.LOST, 0, 0, lost, 0);
            append();
        }
        if (!closed) {
            closed = true;
            sink.close();
        }
    }
}
