package io.baton.coordinator.bench;

import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.supervision.Supervision;
import io.baton.task.linux.Prctl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An image of a shape, whose processes are no more; it goes when closed. */
public final class SavedShape implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 120;

    private final Path images;

    private SavedShape(Path images) {
        this.images = images;
    }

    /** Makes the tree, saves it and ends it. */
    public static SavedShape of(BenchPrograms programs, Shape shape) throws IOException {
        Prctl.setChildSubreaper(true);
        SavedShape saved = new SavedShape(Files.createTempDirectory(programs.directory(), "image"));
        Workload workload = new Workload(
                programs,
                new BenchOptions(
                        List.of(shape),
                        List.of(BenchOptions.Mode.IN_PROCESS),
                        true,
                        false,
                        1,
                        0,
                        List.of(),
                        saved.images,
                        List.of(),
                        List.of(),
                        0,
                        PATIENCE_SECONDS,
                        () -> false,
                        null));
        KnownTree tree = workload.start(shape);
        try {
            TreeDump.run(
                    new DumpRequest(tree.root(), saved.images, DumpOptions.DEFAULT, Finish.KILL, Supervision.NONE));
        } finally {
            tree.kill();
        }
        return saved;
    }

    /** Its directory. */
    public Path images() {
        return images;
    }

    @Override
    public void close() throws IOException {
        BenchPrograms.delete(images);
    }
}
