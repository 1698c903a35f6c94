package io.baton.coordinator.bench;

import io.baton.mktree.launch.NativeFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.stream.Stream;

/** A directory of our own with the programs that are saved and restored: their images name them by path. */
public final class BenchPrograms implements AutoCloseable {
    private final Path directory;

    private BenchPrograms(Path directory) {
        this.directory = directory;
    }

    /** Unpacks them below a directory, which must allow execution. */
    public static BenchPrograms in(Path parent) throws IOException {
        BenchPrograms programs = new BenchPrograms(Files.createTempDirectory(parent, "baton-bench-"));
        try {
            for (String name : new String[] {"baton-floor", "baton-workload", "baton-forest"}) {
                Path file = programs.directory.resolve(name);
                Files.write(file, NativeFiles.bench(name));
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
            }
        } catch (IOException e) {
            programs.close();
            throw e;
        }
        return programs;
    }

    /** For what else a run needs. */
    public Path directory() {
        return directory;
    }

    Path floor() {
        return directory.resolve("baton-floor");
    }

    Path workload() {
        return directory.resolve("baton-workload");
    }

    Path forest() {
        return directory.resolve("baton-forest");
    }

    @Override
    public void close() throws IOException {
        delete(directory);
    }

    /** Deletes a directory and all in it; nothing if it is not there. */
    static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
