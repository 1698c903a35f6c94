package io.baton.coordinator.cli;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import java.nio.file.Files;
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

    /** The directory, which is there. */
    Path directory() {
        if (!Files.isDirectory(directory)) {
            final String reason = Files.exists(directory) ? "not a directory: " : "no such directory: ";
            throw new BatonException(ErrorCode.BAD_IMAGE, reason + directory, "say with -D where the image lies");
        }
        return directory;
    }
}
