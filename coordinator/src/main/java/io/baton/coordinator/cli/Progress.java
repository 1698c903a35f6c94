package io.baton.coordinator.cli;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.inspect.Units;
import io.baton.coordinator.progress.OperationKind;
import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.progress.TaskEvent;
import io.baton.coordinator.progress.TaskRow;
import io.baton.mktree.plan.RestoreStage;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells the user how an operation goes: on a terminal by a line that is drawn again ten times a second, by a thread of its
 * own that samples what the operation has told; and everywhere by one line with totals at its end.
 */
final class Progress implements OperationListener {
    private static final long PERIOD_MILLIS = 100;
    /** What takes less is over before anybody could read it. */
    private static final long FIRST_MILLIS = 300;

    private static final long JOIN_MILLIS = 2000;
    private static final String ERASE = "\r\033[K";

    private final PrintStream err;
    private final int columns;
    private volatile String what = "";
    private volatile int tasks;
    private final AtomicInteger done = new AtomicInteger();
    private volatile long bytes;
    private volatile long totalBytes;
    private volatile @Nullable LongSupplier counter;
    private volatile boolean over;
    private long start;
    private long still;
    private OperationKind kind = OperationKind.DUMP;
    private @Nullable Thread painter;

    /**
     * To that stream.
     *
     * @param columns of the terminal to draw on; 0: none
     */
    Progress(PrintStream err, int columns) {
        this.err = err;
        this.columns = columns;
    }

    @Override
    public void began(OperationKind newKind, Path images, int root, long nanos) {
        kind = newKind;
        start = nanos;
        what = newKind.toString();
        if (columns > 0) {
            Thread thread = new Thread(this::paint, "progress");
            thread.setDaemon(true);
            painter = thread;
            thread.start();
        }
    }

    @Override
    public void planned(List<TaskRow> rows) {
        tasks = rows.size();
    }

    @Override
    public void stageStarted(RestoreStage stage, int confirming, long nanos) {
        what = kind + " " + stage.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public void task(TaskEvent event, int pid, long startNanos, long endNanos) {
        if (event == TaskEvent.RESTORED || event == TaskEvent.CAPTURED) {
            done.incrementAndGet();
        }
    }

    @Override
    public void bytes(long now, long total) {
        bytes = now;
        totalBytes = total;
    }

    @Override
    public void counting(LongSupplier supplier) {
        counter = supplier;
    }

    @Override
    public void stoodStill(long startNanos, long endNanos) {
        still = endNanos - startNanos;
    }

    @Override
    public void failed(BatonException failure, long nanos) {
        stop();
    }

    @Override
    public void ended(int root, long nanos) {
        stop();
        StringBuilder text =
                new StringBuilder(kind.toString()).append(": ").append(tasks).append(tasks == 1 ? " task" : " tasks");
        if (bytesNow() > 0) {
            text.append(", ").append(Units.bytes(bytesNow())).append(" of pages");
        }
        text.append(", ").append(ProgressLine.seconds(nanos - start));
        if (still > 0) {
            text.append(", for ").append(ProgressLine.seconds(still)).append(" the tree stood still");
        }
        err.println(text);
        err.flush();
    }

    private long bytesNow() {
        LongSupplier supplier = counter;
        return supplier == null ? bytes : supplier.getAsLong();
    }

    private void paint() {
        try {
            Thread.sleep(FIRST_MILLIS);
            while (!over) {
                long nanos = System.nanoTime() - start;
                ProgressLine line = new ProgressLine(what, done.get(), tasks, bytesNow(), totalBytes, nanos);
                err.print(ERASE + line.text(columns));
                err.flush();
                Thread.sleep(PERIOD_MILLIS);
            }
        } catch (InterruptedException e) {
            // It is over.
        }
    }

    /** After this nothing is drawn any more. */
    private void stop() {
        over = true;
        Thread thread = painter;
        if (thread == null) {
            return;
        }
        boolean drawn = System.nanoTime() - start > TimeUnit.MILLISECONDS.toNanos(FIRST_MILLIS);
        thread.interrupt();
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (drawn) {
            err.print(ERASE);
            err.flush();
        }
    }
}
