package io.baton.coordinator.dump;

import io.baton.coordinator.error.BatonException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/**
 * One thread beside the tracer's, for work that does not need ptrace; for a small tree none, since there the work is done
 * sooner than a thread is started. Its tasks run one after the other.
 */
final class Helpers implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 60;

    private final boolean alone;
    private final ExecutorService executor;

    /**
     * @param name of the thread
     * @param alone whether to do without it
     */
    Helpers(String name, boolean alone) {
        this.alone = alone;
        this.executor = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Has something done: now, or beside us. */
    <T> Future<T> submit(Callable<T> task) {
        if (!alone) {
            return executor.submit(task);
        }
        FutureTask<T> done = new FutureTask<>(task);
        done.run();
        return done;
    }

    /** Waits for a task; its failure is ours. */
    static <T> T get(Future<T> task) throws IOException {
        try {
            return task.get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof UncheckedIOException unchecked && unchecked.getCause() != null) {
                throw unchecked.getCause();
            } else if (cause instanceof IOException failure) {
                throw failure;
            } else if (cause instanceof BatonException failure) {
                throw failure;
            } else if (cause instanceof RuntimeException failure) {
                throw failure;
            } else if (cause instanceof Error failure) {
                throw failure;
            }
            throw new IllegalStateException(cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Waits until nothing is being done any more; what has not been begun is dropped. */
    @Override
    public void close() {
        executor.shutdownNow();
        try {
            if (!executor.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("a helper does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
