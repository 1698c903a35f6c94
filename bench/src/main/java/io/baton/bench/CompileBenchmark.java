package io.baton.bench;

import io.baton.coordinator.bench.BenchPrograms;
import io.baton.coordinator.bench.SavedShape;
import io.baton.coordinator.bench.Shape;
import io.baton.coordinator.restore.Compilation;
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

/** The contexts of a whole image compiled: ordinary processes with a C library, as they were saved. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {
            "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED"
        })
public class CompileBenchmark {
    @Param({"star:1", "star:100", "threads:100", "random:100:1"})
    String shape = "star:1";

    private @Nullable BenchPrograms programs;
    private @Nullable SavedShape saved;
    private @Nullable Compilation compilation;

    @Setup(Level.Trial)
    public void save() throws IOException {
        programs = BenchPrograms.in(Path.of(System.getProperty("java.io.tmpdir")));
        saved = SavedShape.of(programs, Shape.parse(shape));
        compilation = Compilation.of(saved.images());
    }

    @TearDown(Level.Trial)
    public void delete() throws IOException {
        Objects.requireNonNull(saved).close();
        Objects.requireNonNull(programs).close();
    }

    /** All of them. */
    @Benchmark
    public long compile() {
        return Objects.requireNonNull(compilation).run();
    }
}
