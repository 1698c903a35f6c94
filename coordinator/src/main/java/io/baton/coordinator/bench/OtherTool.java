package io.baton.coordinator.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Another tool, by its commands. Placeholders: {images}, {pid} of the root, {work}: a directory for its logs. */
final class OtherTool implements Tool {
    private final BenchOptions options;
    private final Path work;

    OtherTool(BenchOptions options, Path work) {
        this.options = options;
        this.work = work;
    }

    @Override
    public String name() {
        return options.versusName();
    }

    @Override
    public boolean dumps() {
        return !options.versusDump().isEmpty();
    }

    @Override
    public Sample dump(int root, Path images) {
        return run(options.versusDump(), root, images);
    }

    @Override
    public Sample restore(int root, Path images) {
        return run(options.versus(), root, images);
    }

    private Sample run(List<String> command, int root, Path images) {
        List<String> words = Words.fill(
                command, Map.of("images", images.toString(), "pid", Integer.toString(root), "work", work.toString()));
        Invocation run = Invocation.run(words, work.resolve("log"), options.cancelled(), options.commandSeconds());
        return new Sample(run.ended() - run.begun(), Map.of(), run.cpuNanos(), run.mostBytes());
    }
}
