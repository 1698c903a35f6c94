package io.baton.coordinator.freezer;

import io.baton.task.linux.Fd;
import io.baton.task.linux.ProcessName;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Puts a group back that neither a killed coordinator nor its guard could put back. */
public final class GroupRecovery {
    private GroupRecovery() {}

    /**
     * Puts it back if it still bears the mark of that coordinator: else the guard has done so, and what it is now is what
     * somebody wants.
     *
     * @param made whether the coordinator had made it, of whichever hierarchy; it is removed then, if nobody is in it
     * @param dryRun only says what it would do
     * @return what was done; null if nothing
     */
    public static @Nullable String putBack(Path path, boolean made, ProcessName coordinator, boolean dryRun) {
        if (!Files.exists(path)) {
            return null;
        }
        if (made) {
            return remove(path, dryRun);
        }
        FreezerGroup group = FreezerGroup.open(path);
        try (Fd directory = GroupMark.open(group)) {
            GroupMark mark = GroupMark.read(directory);
            if (mark == null || !mark.owner().equals(coordinator)) {
                return null;
            }
            String state = mark.frozen() ? "frozen" : "thawed";
            if (!dryRun) {
                group.ask(mark.frozen());
                GroupMark.clear(directory);
            }
            return (dryRun ? "group would be " : "group is ") + state + " again: " + path;
        }
    }

    private static @Nullable String remove(Path path, boolean dryRun) {
        if (dryRun) {
            return "would remove group " + path + " if nobody is in it";
        }
        return path.toFile().delete() ? "removed group " + path : null;
    }
}
