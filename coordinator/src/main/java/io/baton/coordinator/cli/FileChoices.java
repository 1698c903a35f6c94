package io.baton.coordinator.cli;

import io.baton.coordinator.state.FileOptions;
import picocli.CommandLine.Option;

/** What a dump does about files that are more than a name. */
final class FileChoices {
    @Option(
            names = {"-l", "--file-locks"},
            description = "Save file locks and leases; without it they are refused.")
    private boolean locks;

    FileOptions options() {
        return new FileOptions(locks);
    }
}
