package io.baton.bench;

import io.baton.task.program.ProgramBuilder;
import io.baton.task.program.ProgramDescriptor;
import io.baton.task.segment.Segment;
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
 * The hot path of a restore: the baton goes round real tasks, each with an empty context in the ring. The time is that of
 * one whole round; divided by {@code tasks} it is a hand-over: a context read, a sleeping task woken.
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

    @Param({"2", "100", "1000"})
    int tasks;

    private @Nullable WaitingTasks waiting;

    /** Tasks that have arrived, their contexts published. */
    @Setup(Level.Invocation)
    public void makeTasks() {
        final WaitingTasks made = new WaitingTasks(tasks, RING);
        waiting = made;
        final ProgramBuilder nothing = new ProgramBuilder().reset();
        for (int task = 0; task < tasks; task++) {
            if (!made.segment().contexts().offer(nothing, task, ProgramDescriptor.FLAG_LAST)) {
                throw new IllegalStateException("the ring is too small: tasks=" + tasks);
            }
        }
    }

    @TearDown(Level.Invocation)
    public void killTasks() {
        Objects.requireNonNull(waiting).close();
    }

    /** From the first hand-over to the last task's end. */
    @Benchmark
    public int round() {
        final WaitingTasks made = Objects.requireNonNull(waiting);
        final Segment segment = made.segment();
        segment.handOver();
        made.await(() -> segment.position() == made.count());
        return segment.position();
    }
}
