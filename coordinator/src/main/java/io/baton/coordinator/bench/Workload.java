package io.baton.coordinator.bench;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Spawner;
import io.baton.task.linux.Wait;
import io.baton.task.linux.WaitStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Starts what is measured: a session of its own, nothing open but /dev/null. */
final class Workload {
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(2);
    /** A tree that has just been made still runs to where it rests. */
    private static final long REST_MILLIS = 50;

    private static final String READY = "{ready}";

    private final BenchPrograms programs;
    private final BenchOptions options;

    Workload(BenchPrograms programs, BenchOptions options) {
        this.programs = programs;
        this.options = options;
    }

    /** A new tree of that shape, complete and at rest. */
    KnownTree start(Shape shape) throws IOException {
        Path ready = programs.directory().resolve("ready");
        java.nio.file.Files.deleteIfExists(ready);
        List<String> words = Words.fill(command(shape), Map.of("ready", ready.toString()));
        boolean tells = command(shape).stream().anyMatch(word -> word.contains(READY));
        int root = spawn(words);
        try {
            if (tells) {
                await(root, shape, ready, options.cancelled());
            } else {
                pause(options.settleMillis());
                refuseDead(root, shape);
            }
            java.nio.file.Files.deleteIfExists(ready);
            return new KnownTree(root);
        } catch (RuntimeException e) {
            Signals.kill(root, Signals.SIGKILL); // what it has made, and still makes, comes to us: see Strays
            throw e;
        }
    }

    private List<String> command(Shape shape) {
        String workload = programs.workload().toString();
        String count = Integer.toString(shape.count());
        return switch (shape.kind()) {
            case PROGRAM -> shape.command();
            case RANDOM -> List.of(programs.forest().toString(), Long.toString(shape.seed()), count, READY);
            case STAR, CHAIN, BINARY, THREADS, MEMORY, PREFORK, HANDOVER ->
                List.of(
                        workload,
                        READY,
                        shape.kind().name().toLowerCase(java.util.Locale.ROOT),
                        count,
                        Long.toString(shape.bytes()));
        };
    }

    private static int spawn(List<String> words) {
        try (Fd nothing = Files.open("/dev/null", Files.O_RDWR | Files.O_CLOEXEC)) {
            Spawner spawner = new Spawner(Words.executable(words.get(0)), words.toArray(new String[0]))
                    .inheritEnvironment()
                    .newSession();
            for (int fd = 0; fd < 3; fd++) {
                spawner.dup(nothing.number(), fd);
            }
            return spawner.closeFrom(3).spawn();
        }
    }

    private void await(int root, Shape shape, Path ready, BooleanSupplier cancelled) {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.timeoutSeconds());
        while (!java.nio.file.Files.exists(ready)) {
            refuseDead(root, shape);
            if (cancelled.getAsBoolean()) {
                throw Bench.interrupted();
            }
            if (System.nanoTime() - until > 0) {
                throw new BatonException(ErrorCode.TIMEOUT, shape.text() + " was not ready in time", "--timeout");
            }
            LockSupport.parkNanos(PAUSE);
        }
        pause(REST_MILLIS);
    }

    private static void pause(long millis) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    private static void refuseDead(int root, Shape shape) {
        WaitStatus status = Wait.waitId(Wait.P_PID, root, Wait.WEXITED | Wait.WNOHANG | Wait.WNOWAIT);
        if (!status.isNone()) {
            throw new BatonException(
                    ErrorCode.BENCH_FAILED,
                    shape.text() + " has ended before it was saved: " + status,
                    shape.kind() == Shape.Kind.PROGRAM
                            ? "give a program that stays"
                            : "fewer tasks, or more room: ulimit -u, pids.max, kernel.pid_max, memory");
        }
    }
}
