package io.baton.coordinator.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which tree is dumped, and where to. */
final class TargetOptions {
    @Option(
            names = {"-t", "--tree"},
            required = true,
            paramLabel = "PID",
            description = "The process at the root of the tree.")
    int root;

    @Option(
            names = {"-D", "--images-dir"},
            defaultValue = ".",
            paramLabel = "DIR",
            description = "Directory for the image (default: the current one); made if it is not there.")
    Path images = Path.of(".");
}
