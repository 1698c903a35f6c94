package io.baton.coordinator.state.cgroups;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Into which groups a tree comes back.
 *
 * @param mode what is done about its saved ones
 * @param roots by controller ({@code ""}: all others), what takes the place of the path of the root's group
 * @param freezer freezer group for all tasks, made if it is not there; null: none
 * @param leaveFrozen whether that is frozen before any of them runs
 */
public record GroupOptions(
        ManageGroups mode,
        Map<String, String> roots,
        @Nullable Path freezer,
        boolean leaveFrozen) {
    public static final GroupOptions DEFAULT = new GroupOptions(ManageGroups.SOFT, Map.of(), null, false);

    public GroupOptions {
        roots = Map.copyOf(roots);
        if (leaveFrozen && freezer == null) {
            throw new IllegalArgumentException("no group to be left frozen");
        }
    }
}
