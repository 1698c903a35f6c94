package io.baton.coordinator.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** By what the tree is kept still. */
final class FreezerOptions {
    @Option(
            names = "--freeze-cgroup",
            paramLabel = "DIR",
            description =
                    "Freeze this v1 freezer or v2 control group, which holds the whole tree, instead of stopping its"
                            + " tasks one by one; afterwards it is as it was. A tree that is frozen needs no option.")
    @Nullable
    Path group;
}
