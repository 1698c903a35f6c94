package io.baton.coordinator.bench;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Prctl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A run of measurements, one shape after the other. Everything it starts is a descendant of ours, and gone at its end. */
public final class Bench {
    private Bench() {}

    /**
     * Measures all.
     *
     * @param each hears of every shape as soon as it is measured
     */
    public static BenchReport run(BenchOptions options, Consumer<String> each) throws IOException {
        boolean wasReaper = Prctl.isChildSubreaper();
        Prctl.setChildSubreaper(true);
        List<ShapeResult> results = new ArrayList<>();
        Path images = Files.createTempDirectory(options.images(), "baton-bench-");
        Strays strays = new Strays();
        try (BenchPrograms programs = BenchPrograms.in(Path.of(System.getProperty("java.io.tmpdir")))) {
            for (Shape shape : options.shapes()) {
                ShapeResult result = shape.kind() == Shape.Kind.HANDOVER
                        ? handOver(options, programs, shape)
                        : tree(options, programs, images, shape);
                results.add(result);
                each.accept(ReportText.of(result));
                BenchPrograms.delete(images);
                Files.createDirectories(images);
            }
        } finally {
            strays.end();
            BenchPrograms.delete(images);
            Prctl.setChildSubreaper(wasReaper);
        }
        return new BenchReport(options, results);
    }

    private static ShapeResult tree(BenchOptions options, BenchPrograms programs, Path images, Shape shape)
            throws IOException {
        try (ShapeRun run = new ShapeRun(options, programs, images, shape)) {
            return run.run();
        }
    }

    private static ShapeResult handOver(BenchOptions options, BenchPrograms programs, Shape shape) {
        ShapeResult result = new ShapeResult(shape);
        result.handOvers(HandOvers.measure(
                programs, shape.count(), options.warmup(), options.repetitions(), options.cancelled()));
        return result;
    }

    static BatonException interrupted() {
        return new BatonException(ErrorCode.INTERRUPTED, "interrupted; all that was started has been ended", "");
    }
}
