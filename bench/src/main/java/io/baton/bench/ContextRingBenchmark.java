package io.baton.bench;

import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Assembling a program and encoding it as a block; run with {@code -prof gc}, for it must not allocate. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED"})
public class ContextRingBenchmark {
    private static final int CAPACITY = 64 * 1024;

    @Param({"10", "80"})
    int instructions;

    private final ProgramBuilder builder = new ProgramBuilder();
    private final UnsafeBuffer target = new UnsafeBuffer(new byte[CAPACITY]);

    @Setup
    public void growBuffers() {
        assembleAndEncode();
    }

    /** A context of so many system calls. */
    @Benchmark
    public int assembleAndEncode() {
        builder.reset();
        for (int i = 0; i < instructions; i++) {
            final int data = builder.reserve(Long.BYTES);
            builder.call(SyscallNumber.MMAP)
                    .value(i)
                    .data(data)
                    .value(3)
                    .register(1)
                    .value(0)
                    .value(0)
                    .expect(i);
        }
        return builder.copyTo(target, 0, 0, 0);
    }
}
