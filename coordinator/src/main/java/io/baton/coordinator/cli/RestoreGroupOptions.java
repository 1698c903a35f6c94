package io.baton.coordinator.cli;

import io.baton.coordinator.state.cgroups.GroupOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Into which control groups a tree comes back. */
final class RestoreGroupOptions {
    @Mixin
    private ManageGroupsOption manage = new ManageGroupsOption();

    @Option(
            names = "--cgroup-root",
            paramLabel = "[CONTROLLER:]PATH",
            description =
                    "This group takes the place of the one that the tree's root was in, and those below come along."
                            + " May be given several times; without a controller it is for all others.")
    private List<String> roots = new ArrayList<>();

    @Option(
            names = "--freeze-cgroup",
            paramLabel = "DIR",
            description = "All tasks join this v1 freezer or v2 control group before they run; it is made if it is not"
                    + " there.")
    private @Nullable Path freezer;

    @Option(
            names = "--leave-frozen",
            description = "Freeze the group of --freeze-cgroup before any task has run an instruction.")
    private boolean leaveFrozen;

    /** All of it. */
    GroupOptions options() {
        if (leaveFrozen && freezer == null) {
            throw new Misuse("--leave-frozen needs --freeze-cgroup");
        }
        Map<String, String> byController = new HashMap<>();
        for (String root : roots) {
            int colon = root.indexOf(":/");
            String path = root.substring(colon + 1);
            if (!path.startsWith("/")) {
                throw new Misuse("--cgroup-root: no absolute path: " + root);
            }
            byController.put(colon < 0 ? "" : root.substring(0, colon), path);
        }
        return new GroupOptions(manage.mode, byController, freezer, leaveFrozen);
    }
}
