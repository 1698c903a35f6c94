package io.baton.coordinator.restore;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The gate: every task is whole and asleep in the runner. Here the coordinator seizes all threads, takes the runner from
 * them and lets them go as what they were. With many of them it does so in several {@linkplain GateLane lanes}, a thread
 * of its own each; a process and its threads go by the same one.
 */
final class Gate implements AutoCloseable {
    /** Below so many threads it is not worth another lane. */
    private static final int LANE_LENGTH = 128;

    private static final int MOST_LANES = 4;

    private final List<GateLane.Guest> guests = new ArrayList<>();
    private final List<GateLane> lanes = new ArrayList<>();
    /** For all lanes but the first one, which is our own thread's. */
    private final List<ExecutorService> threads = new ArrayList<>();

    private final long holeAddress;
    private final long holeLength;
    private final byte[] runner;
    /** Whether one lane has failed, or nobody wants it any more: the others need not wait for anything. */
    private volatile boolean givenUp;

    private final AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();

    /** A gate for tasks with that hole. */
    Gate(final long holeAddress, final long holeLength, final byte[] runner) {
        this.holeAddress = holeAddress;
        this.holeLength = holeLength;
        this.runner = runner.clone();
    }

    /** Adds who is to go through; the unmapping thread of a process is the first one of its threads. */
    void add(final GateLane.Guest guest) {
        guests.add(guest);
    }

    /** Seizes all without stopping them. From now on they die when the coordinator does. */
    void seize() {
        final int cores = Math.min(MOST_LANES, Runtime.getRuntime().availableProcessors());
        final int wanted = Math.max(1, Math.min(cores, guests.size() / LANE_LENGTH));
        for (int i = 0; i < wanted; i++) {
            lanes.add(new GateLane(holeAddress, holeLength, runner));
            if (i > 0) {
                threads.add(Executors.newSingleThreadExecutor(task -> {
                    final Thread thread = new Thread(task, "gate");
                    thread.setDaemon(true);
                    return thread;
                }));
            }
        }
        int process = 0;
        for (final GateLane.Guest guest : guests) {
            process += guest.unmaps() ? 1 : 0;
            lanes.get(process % wanted).add(guest);
        }
        run(GateLane::seize);
    }

    /**
     * Takes all seized threads through the gate, up to the moment before they are let go.
     *
     * @param stillWanted asked while a thread does not stop; throws when it has been long enough
     */
    void prepare(final Runnable stillWanted) {
        final Runnable patience = () -> {
            if (givenUp) {
                throw new BatonException(ErrorCode.INTERRUPTED, "interrupted at the gate", "");
            }
            stillWanted.run();
        };
        run(lane -> lane.prepare(patience));
    }

    /**
     * Lets all go: running, or stopped where they had been or are asked to be. From the first one on nothing is undone.
     *
     * @param last done just before
     */
    void open(final Runnable last) {
        run(GateLane::prepareEndings);
        last.run();
        run(GateLane::letGo);
    }

    /** Does one thing in all lanes; returns when all have done it, throws the first failure when all have given up. */
    private void run(final Consumer<GateLane> step) {
        final List<Future<?>> others = new ArrayList<>(threads.size());
        for (int i = 0; i < threads.size(); i++) {
            final GateLane lane = lanes.get(i + 1);
            others.add(threads.get(i).submit(() -> attempt(lane, step)));
        }
        attempt(lanes.get(0), step);
        others.forEach(this::await);
        final RuntimeException first = failure.get();
        if (first != null) {
            throw first;
        }
    }

    private void attempt(final GateLane lane, final Consumer<GateLane> step) {
        try {
            step.accept(lane);
        } catch (final RuntimeException e) {
            failure.compareAndSet(null, e); // others fail because of the first
            givenUp = true;
        }
    }

    private void await(final Future<?> lane) {
        boolean interrupted = false;
        while (true) {
            try {
                lane.get();
                break;
            } catch (final InterruptedException e) {
                interrupted = true;
                givenUp = true;
            } catch (final ExecutionException e) {
                throw new IllegalStateException(e.getCause());
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What is still held dies with its lane's thread. */
    @Override
    public void close() {
        threads.forEach(ExecutorService::shutdown);
        lanes.forEach(GateLane::close);
    }
}
