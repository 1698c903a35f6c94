package io.baton.bench;

import io.baton.coordinator.bench.BatonTasks;
import io.baton.coordinator.bench.BenchPrograms;
import io.baton.coordinator.bench.FloorTasks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The hot path of a restore: the baton goes round real tasks, each with an empty context in the ring; and the same
 * round through as many real processes by bare means. The time is that of one whole round; divided by {@code tasks + 1} it
 * is a hand-over: task end to next task's start, a sleeping task woken. Run with {@code -prof gc}, for it must not
 * allocate.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5)
@Measurement(iterations = 20)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED"})
public class HandOverBenchmark {
    private static final int RING = 4 * 1024 * 1024;

    /** What the baton is handed on by. */
    public enum Means {
        BATON,
        FUTEX,
        PIPE,
        EVENTFD,
        SEMAPHORE,
        SOCKET
    }

    @Param({"2", "100", "1000", "5000"})
    int tasks;

    @Param
    Means means = Means.BATON;

    private @Nullable BenchPrograms programs;
    private @Nullable BatonTasks baton;
    private @Nullable FloorTasks bare;

    @Setup(Level.Trial)
    public void unpack() throws IOException {
        programs = BenchPrograms.in(Path.of(System.getProperty("java.io.tmpdir")));
    }

    /** Tasks that have arrived, their contexts published. */
    @Setup(Level.Invocation)
    public void makeTasks() {
        if (means == Means.BATON) {
            BatonTasks made = new BatonTasks(tasks, RING);
            baton = made;
            made.publishAll();
        } else {
            bare = new FloorTasks(
                    Objects.requireNonNull(programs),
                    FloorTasks.Kind.valueOf(means.name()),
                    FloorTasks.Form.STAR,
                    tasks,
                    0);
        }
    }

    @TearDown(Level.Invocation)
    public void killTasks() {
        if (baton != null) {
            baton.close();
        }
        if (bare != null) {
            bare.close();
        }
    }

    @TearDown(Level.Trial)
    public void delete() throws IOException {
        Objects.requireNonNull(programs).close();
    }

    /** From the first hand-over to the last task's end. */
    @Benchmark
    public void round() {
        if (means == Means.BATON) {
            Objects.requireNonNull(baton).round();
        } else {
            Objects.requireNonNull(bare).run();
        }
    }
}
