package io.baton.coordinator.cli;

import io.baton.coordinator.serve.Asker;
import io.baton.task.linux.Signals;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Lets SIGINT, SIGTERM and SIGHUP end an operation in good order: the JVM does not end before the operation has undone
 * what it had begun and the command has said so; and it ends with the command's own exit status. Asked a second time, or
 * should the undo take too long, the JVM ends all the same, and the kernel undoes the rest.
 */
final class Interruption implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 10;
    private static final List<Integer> SIGNALS = List.of(Signals.SIGHUP, Signals.SIGINT, Signals.SIGTERM);

    /** How the command ended; never in a test, which has no JVM of its own to end. */
    private static final CompletableFuture<Integer> STATUS = new CompletableFuture<>();

    private final int patienceSeconds;
    private final Thread hook = new Thread(this::interrupt, "interruption");
    private final @Nullable Asker asker = Console.current().asker();
    private volatile boolean asked;

    Interruption() {
        this(PATIENCE_SECONDS);
    }

    /** For what may take longer to undo. */
    Interruption(int patienceSeconds) {
        this.patienceSeconds = patienceSeconds;
        if (asker != null) {
            return; // the signals are its own
        }
        try {
            Runtime.getRuntime().addShutdownHook(hook);
        } catch (IllegalStateException e) {
            asked = true; // before it has begun
        }
    }

    /** Whether the operation should give up. */
    boolean isAsked() {
        return asker == null ? asked : asker.isCancelled();
    }

    /** Told by the command line when all has been said; the JVM is about to end. */
    static void finish(int status) {
        STATUS.complete(status);
    }

    private void interrupt() {
        if (STATUS.isDone()) {
            Runtime.getRuntime().halt(STATUS.join()); // the end of the command, or a signal that came too late
        }
        asked = true;
        SIGNALS.forEach(Signals::restoreDefault); // asked again, we end at once, and the kernel undoes the rest
        try {
            Runtime.getRuntime().halt(STATUS.get(patienceSeconds, TimeUnit.SECONDS));
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            System.err.println("baton: interrupted, and gave up waiting for the operation to end");
        }
    }

    @Override
    public void close() {
        if (!asked && asker == null) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // Just now.
            }
        }
    }
}
