package io.baton.coordinator.cli;

import io.baton.coordinator.bench.Bars;
import io.baton.coordinator.bench.Bench;
import io.baton.coordinator.bench.BenchOptions;
import io.baton.coordinator.bench.BenchPage;
import io.baton.coordinator.bench.BenchReport;
import io.baton.coordinator.bench.Shape;
import io.baton.coordinator.bench.Surroundings;
import io.baton.coordinator.bench.UsageException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton bench}. */
@Command(
        name = "bench",
        description =
                "Measures how long dumps and restores take: starts trees, saves and restores them again and again, "
                        + "and ends them. With the floor below each: what the kernel needs for the least of it. See docs/bench.md.")
final class BenchCommand implements Callable<Integer> {
    /** Trees of thousands take a while to end, more so when a command of ours has to undo what it does first. */
    private static final int PATIENCE_SECONDS = 120;

    @Parameters(
            arity = "0..*",
            paramLabel = "SHAPE",
            description = Shape.SYNTAX + " (default: star:100; with --bars: theirs).")
    private List<String> shapes = new ArrayList<>();

    @Option(
            names = "--program",
            paramLabel = "COMMAND",
            description = "A program of yours as a shape; {ready} in it is a file that it makes when it is ready to be "
                    + "saved. May be given several times.")
    private List<String> programs = new ArrayList<>();

    @Option(
            names = {"-n", "--repetitions"},
            defaultValue = "10",
            paramLabel = "N",
            description = "Repetitions (default: ${DEFAULT-VALUE}).")
    private int repetitions;

    @Option(
            names = "--warmup",
            defaultValue = "2",
            paramLabel = "N",
            description = "Repetitions before them that do not count (default: ${DEFAULT-VALUE}).")
    private int warmup;

    @Option(
            names = "--mode",
            split = ",",
            defaultValue = "cold,in-process",
            paramLabel = "MODE",
            description =
                    "cold: whole commands; in-process: the operation alone in a warm JVM (default: ${DEFAULT-VALUE}).")
    private List<String> modes = new ArrayList<>();

    @Option(
            names = "--only",
            paramLabel = "OPERATION",
            description = "dump or restore; of all restores, one image is dumped and used again and again.")
    private @Nullable String only;

    @Option(
            names = "--versus",
            paramLabel = "COMMAND",
            description =
                    "Another tool's restore, to be paired with ours on the same image, in turns: 'criu restore -d "
                            + "-D {images}'. It must return when the tree runs. {images}: the image; {pid}: of the root; {work}: a "
                            + "directory for its logs. No shell sees it.")
    private @Nullable String versus;

    @Option(
            names = "--versus-dump",
            paramLabel = "COMMAND",
            description =
                    "Its dump, which ends the tree: 'criu dump -t {pid} -D {images}'. Then each tool restores its own "
                            + "image of the same program.")
    private @Nullable String versusDump;

    @Option(
            names = "--images",
            paramLabel = "DIR",
            description = "Where images are made (default: /dev/shm, else the temporary directory).")
    private @Nullable Path images;

    @Option(
            names = "--baton",
            paramLabel = "COMMAND",
            description = "The command that is measured cold (default: the one that was called).")
    private @Nullable String baton;

    @Option(
            names = "--settle",
            defaultValue = "500",
            paramLabel = "MS",
            description = "How long a --program without {ready} gets to be ready (default: ${DEFAULT-VALUE}).")
    private long settleMillis;

    @Option(
            names = "--timeout",
            defaultValue = "300",
            paramLabel = "SECONDS",
            description = "For each operation (default: ${DEFAULT-VALUE}).")
    private int timeoutSeconds;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all results there, every sample of them.")
    private @Nullable Path json;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Plot them: a page in one file, which fetches nothing.")
    private @Nullable Path html;

    @Option(
            names = "--bars",
            paramLabel = "FILE",
            description = "Hold the results against bars, such as 'star:1000 restore.cold <= 0.35s'; scale: those that "
                    + "come with Baton.")
    private @Nullable String bars;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        BenchReport report;
        try (Interruption interruption = new Interruption(PATIENCE_SECONDS)) {
            report = Bench.run(options(interruption), text -> {
                out.println(text);
                out.flush();
            });
        } catch (UsageException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        out.print(report.verdicts());
        out.flush();
        if (json != null) {
            try (Writer file = Files.newBufferedWriter(json)) {
                report.writeJson(file);
            }
        }
        if (html != null) {
            Files.writeString(html, BenchPage.of(report));
        }
        report.refuseMissed();
        return 0;
    }

    private BenchOptions options(Interruption interruption) throws IOException {
        Bars held = bars == null ? null : Bars.of(bars);
        List<Shape> wanted = new ArrayList<>();
        shapes.forEach(text -> wanted.add(Shape.parse(text)));
        programs.forEach(command -> wanted.add(Shape.program(command)));
        if (wanted.isEmpty()) {
            wanted.addAll(held == null ? List.of(Shape.parse("star:100")) : held.shapes());
        }
        return new BenchOptions(
                wanted,
                BenchOptions.Mode.parse(modes),
                only == null || "dump".equals(only),
                only == null || "restore".equals(only),
                repetitions,
                warmup,
                Surroundings.baton(baton),
                Surroundings.images(images),
                Surroundings.words(versus),
                Surroundings.words(versusDump),
                settleMillis,
                timeoutSeconds,
                interruption::isAsked,
                held);
    }
}
