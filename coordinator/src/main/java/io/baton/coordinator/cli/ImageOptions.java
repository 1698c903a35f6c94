package io.baton.coordinator.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where the image lies. */
final class ImageOptions {
    @Option(
            names = {"-D", "--images-dir"},
            paramLabel = "DIR",
            defaultValue = ".",
            description = "Directory with the image (default: the current one).")
    private Path directory = Path.of(".");

    Path directory() {
        return directory;
    }
}
