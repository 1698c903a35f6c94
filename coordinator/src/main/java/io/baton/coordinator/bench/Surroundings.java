package io.baton.coordinator.bench;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a run finds around it when it is not told. */
public final class Surroundings {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final String LAUNCHER = "baton";

    private Surroundings() {}

    /** The words of the command that is measured: that one, else the launcher of the build that we are part of. */
    public static List<String> baton(@Nullable String command) {
        if (command != null) {
            return Words.split(command);
        }
        Path directory = home();
        while (directory != null) {
            Path launcher = directory.resolve(LAUNCHER);
            if (Files.isRegularFile(launcher) && Files.isExecutable(launcher)) {
                return List.of(launcher.toString());
            }
            directory = directory.getParent();
        }
        throw new UsageException("the command baton is not found above " + home(), "say with --baton where it is");
    }

    private static @Nullable Path home() {
        CodeSource source = Surroundings.class.getProtectionDomain().getCodeSource();
        try {
            return source == null ? null : Path.of(source.getLocation().toURI());
        } catch (URISyntaxException e) {
            return null;
        }
    }

    /** Where images go: there, else into memory, else where temporary files go. */
    public static Path images(@Nullable Path directory) {
        if (directory != null) {
            if (!Files.isDirectory(directory) || !Files.isWritable(directory)) {
                throw new UsageException("no directory to write images to: " + directory, "make it, or choose another");
            }
            return directory;
        }
        return Files.isWritable(SHARED_MEMORY) ? SHARED_MEMORY : Path.of(System.getProperty("java.io.tmpdir"));
    }

    /** Words of a command; none if there is none. */
    public static List<String> words(@Nullable String command) {
        return command == null ? List.of() : Words.split(command);
    }
}
