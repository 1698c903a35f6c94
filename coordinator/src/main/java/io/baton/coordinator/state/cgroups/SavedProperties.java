package io.baton.coordinator.state.cgroups;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.image.proto.CgControllerEntry;
import io.baton.mktree.image.proto.CgMemberEntry;
import io.baton.mktree.image.proto.CgroupDirEntry;
import io.baton.mktree.image.proto.CgroupEntry;
import io.baton.mktree.image.proto.CgroupPropEntry;
import io.baton.task.linux.ControlGroupLine;
import io.baton.task.linux.ControlGroupMount;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** The saved settings of groups, and to which of them they are given back. */
final class SavedProperties {
    private static final int PERMISSIONS = 07777;

    private final CgroupEntry entry;
    private final GroupOptions options;
    private final List<ControlGroupMount> mounts;
    private final Function<CgMemberEntry, String> paths;
    private final List<String> failures = new ArrayList<>();

    SavedProperties(
            CgroupEntry entry,
            GroupOptions options,
            List<ControlGroupMount> mounts,
            Function<CgMemberEntry, String> paths) {
        this.entry = entry;
        this.options = options;
        this.mounts = mounts;
        this.paths = paths;
    }

    /**
     * Sets them.
     *
     * @param groups that tasks go into
     * @param made those of them, or above them, that we have made
     * @throws BatonException MISSING_RESOURCE naming all that could not be set
     */
    void apply(Set<Path> groups, Set<Path> made) {
        for (CgControllerEntry controller : entry.getControllersList()) {
            String names = String.join(",", controller.getCnamesList());
            for (ControlGroupMount mount : mounts) {
                if (mount.isOf(ControlGroupLine.parseAll("0:" + names + ":/").get(0))) {
                    controller.getDirsList().forEach(directory -> apply(mount, names, "", directory, groups, made));
                }
            }
        }
        if (!failures.isEmpty()) {
            throw new BatonException(
                    ErrorCode.MISSING_RESOURCE,
                    "control groups cannot be as they were: " + String.join("; ", failures),
                    "--manage-cgroups=none leaves the properties of groups alone");
        }
    }

    private void apply(
            ControlGroupMount mount,
            String names,
            String above,
            CgroupDirEntry directory,
            Set<Path> groups,
            Set<Path> made) {
        String group = directory.getDirName().isEmpty() ? above : above + "/" + directory.getDirName();
        CgMemberEntry member = CgMemberEntry.newBuilder()
                .setName(names)
                .setPath(group.isEmpty() ? "/" : group)
                .build();
        Path path = mount.directory(paths.apply(member));
        if (path != null && (groups.contains(path) || made.contains(path)) && java.nio.file.Files.isDirectory(path)) {
            boolean isMade = made.contains(path);
            if (isMade && directory.hasDirPerms()) {
                permit(path, directory);
            }
            if (options.mode().setsProperties(isMade)) {
                for (CgroupPropEntry property : directory.getPropertiesList()) {
                    String failure = GroupProperties.write(path, property);
                    if (!failure.isEmpty()) {
                        failures.add(failure);
                    }
                }
            }
        }
        directory.getChildrenList().forEach(child -> apply(mount, names, group, child, groups, made));
    }

    private static void permit(Path path, CgroupDirEntry directory) {
        try (Fd open = Files.open(path.toString(), Files.O_RDONLY | Files.O_DIRECTORY | Files.O_CLOEXEC)) {
            Files.changeOwner(
                    open.number(),
                    directory.getDirPerms().getUid(),
                    directory.getDirPerms().getGid());
            Files.changeMode(open.number(), directory.getDirPerms().getMode() & PERMISSIONS);
        }
    }
}
