package io.baton.bench;

import io.baton.coordinator.bench.BatonTasks;
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
 * Context publish to task start: each task has its turn already and sleeps until its context comes, which is published
 * only when the one before has been seen done. The time is that of one whole round, divided by {@code tasks} it is a
 * context published, a task woken, the context run, the next task woken into its own wait.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5)
@Measurement(iterations = 20)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED"})
public class PublishBenchmark {
    private static final int RING = 64 * 1024;
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);

    @Param({"2", "100", "1000"})
    int tasks;

    private @Nullable BatonTasks waiting;

    /** Tasks that have arrived; the first has its turn, and no context. */
    @Setup(Level.Invocation)
    public void makeTasks() {
        waiting = new BatonTasks(tasks, RING);
        waiting.segment().handOver();
    }

    @TearDown(Level.Invocation)
    public void killTasks() {
        Objects.requireNonNull(waiting).close();
    }

    /** From the first publication to the last task's end. */
    @Benchmark
    @SuppressWarnings("ThreadPriorityCheck") // with fewer processors than runnable tasks it is theirs
    public int round() {
        BatonTasks made = Objects.requireNonNull(waiting);
        Segment segment = made.segment();
        long until = System.nanoTime() + PATIENCE;
        for (int task = 0; task < tasks; task++) {
            made.publish(task);
            while (segment.position() == task) {
                Thread.yield();
                if (System.nanoTime() > until) {
                    throw new IllegalStateException("no answer: task=" + task);
                }
            }
        }
        return segment.position();
    }
}
