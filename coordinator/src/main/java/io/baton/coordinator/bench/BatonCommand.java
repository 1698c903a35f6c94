package io.baton.coordinator.bench;

import io.baton.coordinator.journal.OperationJournal;
import io.baton.coordinator.journal.StateDirectory;
import io.baton.coordinator.journal.Story;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Baton as its users start it; what its parts took stands in the journals it writes. */
final class BatonCommand implements Tool {
    private static final String START = "start the JVM";
    private static final String END = "end";

    private final String name;
    private final BenchOptions options;
    private final Path work;
    private final List<String> extra;

    BatonCommand(String name, BenchOptions options, Path work, List<String> extra) {
        this.name = name;
        this.options = options;
        this.work = work;
        this.extra = extra;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean dumps() {
        return true;
    }

    @Override
    public Sample dump(int root, Path images) throws IOException {
        return run("dump", "-t", Integer.toString(root), "-D", images.toString());
    }

    @Override
    public Sample restore(int root, Path images) throws IOException {
        return run("restore", "-d", "-D", images.toString());
    }

    private Sample run(String... arguments) throws IOException {
        Path journals = work.resolve("journal");
        BenchPrograms.delete(journals);
        List<String> words = new ArrayList<>(options.baton());
        words.addAll(List.of(arguments));
        words.addAll(List.of("--journal-dir", journals.toString(), "--timeout", "" + options.timeoutSeconds()));
        words.addAll(extra);
        Invocation run = Invocation.run(words, work.resolve("log"), options.cancelled(), options.commandSeconds());
        return new Sample(run.ended() - run.begun(), stages(run, journals), run.cpuNanos(), run.mostBytes());
    }

    private static Map<String, Long> stages(Invocation run, Path journals) throws IOException {
        Map<String, Long> stages = new LinkedHashMap<>();
        List<OperationJournal> all = StateDirectory.at(journals).list();
        if (all.isEmpty()) {
            return stages;
        }
        Story story = all.get(0).glance();
        stages.put(START, story.begun() - run.begun());
        for (Story.Phase phase : story.phases()) {
            stages.merge(phase.name(), phase.end() - phase.start(), Long::sum);
        }
        stages.put(END, run.ended() - story.last());
        return stages;
    }
}
