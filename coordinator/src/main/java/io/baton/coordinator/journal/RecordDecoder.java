package io.baton.coordinator.journal;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.progress.OperationKind;
import io.baton.coordinator.progress.TaskEvent;
import io.baton.coordinator.progress.TaskRow;
import io.baton.mktree.plan.RestoreStage;
import io.baton.task.linux.ProcessName;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;

/** Tells a listener what records hold, in their order. */
final class RecordDecoder {
    private final JournalListener listener;
    private final List<TaskRow> rows = new ArrayList<>();
    private long rowsToCome;

    RecordDecoder(final JournalListener listener) {
        this.listener = listener;
    }

    /**
     * Tells a record.
     *
     * @param at where it begins
     * @param length how much there is from there on
     * @return false when it is none: damaged, or of a version that is not ours
     */
    boolean decode(final DirectBuffer buffer, final int at, final int length) {
        final List<String> texts = new ArrayList<>(RecordDescriptor.MOST_TEXTS);
        if (!readTexts(buffer, at, length, texts)) {
            return false;
        }
        try {
            tell(buffer, at, texts);
            return true;
        } catch (final IllegalArgumentException | IndexOutOfBoundsException e) {
            return false;
        }
    }

    private static boolean readTexts(
            final DirectBuffer buffer, final int at, final int length, final List<String> texts) {
        if (length < RecordDescriptor.HEAD_LENGTH || length > buffer.capacity() - at) {
            return false;
        }
        final int count = buffer.getInt(at + RecordDescriptor.TEXTS_OFFSET);
        int from = RecordDescriptor.HEAD_LENGTH;
        for (int i = 0; i < count; i++) {
            if (i == RecordDescriptor.MOST_TEXTS || from > length - Integer.BYTES) {
                return false;
            }
            final int size = buffer.getInt(at + from);
            from += Integer.BYTES;
            if (size < 0 || size > length - from) {
                return false;
            }
            final byte[] bytes = new byte[size];
            buffer.getBytes(at + from, bytes);
            texts.add(new String(bytes, StandardCharsets.UTF_8));
            from += size;
        }
        return true;
    }

    private void tell(final DirectBuffer buffer, final int at, final List<String> texts) {
        final long start = buffer.getLong(at + RecordDescriptor.START_OFFSET);
        final long end = buffer.getLong(at + RecordDescriptor.END_OFFSET);
        final long number = buffer.getLong(at + RecordDescriptor.NUMBER_OFFSET);
        final int code = buffer.getInt(at + RecordDescriptor.CODE_OFFSET);
        switch (buffer.getInt(at + RecordDescriptor.TYPE_OFFSET)) {
            case RecordDescriptor.OPENED -> opened(texts.get(0), start, number);
            case RecordDescriptor.BEGAN ->
                listener.began(OperationKind.valueOf(texts.get(0)), Path.of(texts.get(1)), (int) number, start);
            case RecordDescriptor.PLANNED -> plan(number);
            case RecordDescriptor.TASK_ROW -> row(new TaskRow((int) number, texts.get(0), texts.get(1)));
            case RecordDescriptor.HELPER -> listener.helper(code, end, number, start);
            case RecordDescriptor.PHASE -> listener.phase(texts.get(0), start, end);
            case RecordDescriptor.STAGE_STARTED -> listener.stageStarted(RestoreStage.of(code), (int) number, start);
            case RecordDescriptor.STAGE_ENDED -> listener.stageEnded(RestoreStage.of(code), start);
            case RecordDescriptor.TASK -> listener.task(TaskEvent.of(code), (int) number, start, end);
            case RecordDescriptor.SLOWEST -> listener.slowest((int) number, texts.get(0), end);
            case RecordDescriptor.BYTES -> listener.bytes(number, end);
            case RecordDescriptor.SCRIPT -> listener.script(texts.get(0), texts.get(1), code, start, end);
            case RecordDescriptor.FAILED ->
                listener.failed(new BatonException(ErrorCode.valueOf(texts.get(0)), texts.get(1), texts.get(2)), start);
            case RecordDescriptor.ENDED -> listener.ended((int) number, start);
            case RecordDescriptor.LOST -> listener.lost(number);
            case RecordDescriptor.RECOVERED -> listener.recovered(texts.get(0), number);
            case RecordDescriptor.FREEZER -> listener.freezer(Path.of(texts.get(0)), number != 0, code != 0, start);
            default -> {
                // A later version's: what we know of is still right.
            }
        }
    }

    private void opened(final String name, final long nanos, final long wallMillis) {
        final ProcessName coordinator = ProcessName.parse(name);
        if (coordinator == null) {
            throw new IllegalArgumentException("no name of a process: text=" + name);
        }
        listener.opened(coordinator, nanos, wallMillis);
    }

    private void plan(final long tasks) {
        rows.clear();
        rowsToCome = tasks;
        if (tasks == 0) {
            listener.planned(List.of());
        }
    }

    private void row(final TaskRow row) {
        rows.add(row);
        if (--rowsToCome == 0) {
            listener.planned(List.copyOf(rows));
            rows.clear();
        }
    }
}
