package io.baton.coordinator.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What an image builds on. */
final class IncrementOptions {
    @Option(
            names = "--prev-images-dir",
            paramLabel = "DIR",
            description = "Write only the pages that have changed since this image; it counts from the new image's"
                    + " directory, such as ../1.")
    @Nullable
    Path previous;
}
