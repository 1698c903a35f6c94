package io.baton.coordinator.state.memory;

import java.io.Closeable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of a dump: one is filled while another thread writes the other, where there is so much to write. For
 * processes that fit into one buffer there is neither another buffer nor another thread.
 */
final class PageBuffers implements Closeable {
    private PageBuffer filling = new PageBuffer();
    private @Nullable PageBuffer spare;
    private @Nullable ExecutorService writer;
    private @Nullable Future<?> writing;

    /** The one to fill; another one after {@link #hand}. */
    PageBuffer filling() {
        return filling;
    }

    /** Lets another thread write the buffer, after what was handed over before. */
    void hand(Consumer<PageBuffer> writeOut) {
        await();
        PageBuffer full = filling;
        filling = spare == null ? new PageBuffer() : spare;
        spare = full;
        ExecutorService executor = writer;
        if (executor == null) {
            executor = Executors.newSingleThreadExecutor(PageBuffers::thread);
            writer = executor;
        }
        writing = executor.submit(() -> writeOut.accept(full));
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "baton-pages");
        thread.setDaemon(true);
        return thread;
    }

    /** Waits until everything handed over is written, and throws what went wrong with it. */
    void await() {
        Future<?> last = writing;
        writing = null;
        boolean interrupted = false;
        while (last != null) {
            try {
                last.get();
                last = null;
            } catch (InterruptedException e) {
                interrupted = true; // a write that has begun cannot be taken back
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException cause) {
                    throw cause;
                }
                throw new IllegalStateException(e.getCause());
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        if (writer != null) {
            writer.shutdown();
        }
    }
}
