package io.baton.coordinator.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Measures one shape. At its end nothing of it is left, however it ends. */
final class ShapeRun implements AutoCloseable {
    private static final int PROPORTIONAL_MOST = 200;
    private static final int FLOOR_TIMES = 5;
    private static final long LONG_TASKS = 5000;

    private final BenchOptions options;
    private final BenchPrograms programs;
    private final Path images;
    private final Workload workload;
    private final List<Tool> tools = new ArrayList<>();
    private final Map<String, Series> series = new HashMap<>();
    private final Map<Path, KnownTree> saved = new HashMap<>();
    private final ShapeResult result;
    private @Nullable KnownTree live;
    private long proportionalBefore;
    private boolean counts;

    ShapeRun(BenchOptions options, BenchPrograms programs, Path images, Shape shape) {
        this.options = options;
        this.programs = programs;
        this.images = images;
        this.workload = new Workload(programs, options);
        this.result = new ShapeResult(shape);
    }

    /** All repetitions, then the floor. */
    ShapeResult run() throws IOException {
        makeTools();
        if (!options.dumps() || tools.stream().anyMatch(tool -> !tool.dumps())) {
            saveOnce();
        }
        for (int i = -options.warmup(); i < options.repetitions(); i++) {
            counts = i >= 0;
            List<Tool> order = new ArrayList<>(tools);
            Collections.rotate(order, Math.floorMod(i, order.size()));
            for (Tool tool : order) {
                repeat(tool);
            }
        }
        killLive();
        for (Tool tool : tools) {
            for (String operation : new String[] {"dump", "restore"}) {
                Series one = series.get(operation + "." + tool.name());
                if (one != null) {
                    result.series().add(one);
                }
            }
        }
        Path last = saved.keySet().iterator().next();
        KnownTree tree = Objects.requireNonNull(saved.get(last));
        result.sizes(tree, bytes(last));
        int times = tree.tasks() < LONG_TASKS ? FLOOR_TIMES : 2;
        int tasks = result.shape().form() == FloorTasks.Form.THREADS ? tree.tasks() : tree.processes();
        result.finish(
                Floor.measure(programs, result.shape().form(), Math.max(tasks, tree.tasks()), last, times),
                options.versusName());
        return result;
    }

    private void makeTools() throws IOException {
        for (BenchOptions.Mode mode : options.modes()) {
            tools.add(
                    switch (mode) {
                        case COLD -> new BatonCommand(mode.text(), options, programs.directory(), List.of());
                        case IN_PROCESS -> new InProcess(options);
                    });
        }
        if (!options.versus().isEmpty()) {
            tools.add(new OtherTool(options, programs.directory()));
        }
    }

    /** One image for all repetitions. */
    private void saveOnce() throws IOException {
        counts = false;
        dump(tools.get(0), shared());
    }

    private void repeat(Tool tool) throws IOException {
        refuseInterruption();
        if (tool instanceof OtherTool) {
            killLive(); // it gets a tree that nobody has restored yet
        }
        Path from = shared();
        if (options.dumps() && tool.dumps()) {
            from = images.resolve(tool.name());
            dump(tool, from);
        }
        if (options.restores()) {
            restore(tool, from);
            if (!tool.name().equals(tools.get(0).name())) {
                killLive(); // what the next dump sees is never what another tool has restored
            }
        }
    }

    private Path shared() {
        return images.resolve("shared");
    }

    private void dump(Tool tool, Path to) throws IOException {
        KnownTree tree = live;
        if (tree == null) {
            tree = workload.start(result.shape());
            live = tree;
            if (proportionalBefore == 0 && tree.processes() <= PROPORTIONAL_MOST) {
                proportionalBefore = tree.proportionalBytes();
            }
        }
        BenchPrograms.delete(to);
        Files.createDirectories(to);
        add("dump", tool, tool.dump(tree.root(), to));
        tree.awaitGone();
        live = null;
        saved.put(to, tree);
    }

    private void restore(Tool tool, Path from) throws IOException {
        killLive();
        KnownTree tree = Objects.requireNonNull(saved.get(from), "no image");
        live = tree; // from here on there may be something of it
        Sample sample = tool.restore(tree.root(), from);
        tree.check(tool.name() + " restore");
        add("restore", tool, sample);
        if (proportionalBefore > 0 && Double.isNaN(result.proportional()) && tool == tools.get(0)) {
            result.proportional((double) tree.proportionalBytes() / proportionalBefore);
        }
    }

    private void add(String operation, Tool tool, Sample sample) {
        if (counts) {
            series.computeIfAbsent(operation + "." + tool.name(), key -> new Series(operation, tool.name()))
                    .add(sample);
        }
        refuseInterruption();
    }

    private void refuseInterruption() {
        if (options.cancelled().getAsBoolean()) {
            throw Bench.interrupted();
        }
    }

    private void killLive() {
        KnownTree tree = live;
        live = null;
        if (tree != null) {
            tree.kill();
        }
    }

    private static long bytes(Path directory) throws IOException {
        long sum = 0;
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                sum += Files.size(file);
            }
        }
        return sum;
    }

    @Override
    public void close() throws IOException {
        killLive();
        for (Tool tool : tools) {
            tool.close();
        }
    }
}
