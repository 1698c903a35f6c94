package io.baton.coordinator.state.cgroups;

import io.baton.mktree.image.proto.CgroupDirEntry;
import io.baton.mktree.image.proto.CgroupPerms;
import io.baton.mktree.image.proto.CgroupPropEntry;
import io.baton.task.linux.ControlGroupMount;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The settings of a group that are saved; those that only list its tasks, or count, are not among them. */
final class GroupProperties {
    private static final int AT_FDCWD = Files.AT_FDCWD;

    /** In the order in which they can be set. */
    private static final Map<String, List<String>> OF_CONTROLLER = Map.of(
            "cpu",
            List.of("cpu.shares", "cpu.cfs_period_us", "cpu.cfs_quota_us", "cpu.rt_period_us", "cpu.rt_runtime_us"),
            "cpuset",
            List.of("cpuset.cpus", "cpuset.mems", "cpuset.memory_migrate", "cpuset.sched_load_balance"),
            "memory",
            List.of(
                    "memory.limit_in_bytes",
                    "memory.memsw.limit_in_bytes",
                    "memory.swappiness",
                    "memory.soft_limit_in_bytes",
                    "memory.oom_control"),
            "blkio",
            List.of("blkio.weight"),
            "net_cls",
            List.of("net_cls.classid"),
            "pids",
            List.of("pids.max"));

    private static final List<String> OF_EVERY_V1 = List.of("cgroup.clone_children", "notify_on_release");

    private static final List<String> OF_V2 = List.of(
            "cgroup.type",
            "cgroup.max.descendants",
            "cgroup.max.depth",
            "cgroup.subtree_control",
            "cpu.weight",
            "cpu.max",
            "cpuset.cpus",
            "cpuset.mems",
            "memory.min",
            "memory.low",
            "memory.high",
            "memory.max",
            "memory.swap.max",
            "pids.max");

    private GroupProperties() {}

    /** Those of a group, and its permissions. */
    static CgroupDirEntry.Builder read(ControlGroupMount mount, Path group) {
        CgroupDirEntry.Builder entry = CgroupDirEntry.newBuilder().setDirPerms(permissions(group));
        for (String name : names(mount)) {
            Path file = group.resolve(name);
            try {
                if (java.nio.file.Files.exists(file)) {
                    entry.addProperties(CgroupPropEntry.newBuilder()
                            .setName(name)
                            .setValue(java.nio.file.Files.readString(file).strip())
                            .setPerms(permissions(file)));
                }
            } catch (IOException e) {
                // A file that only wants to be written to.
            }
        }
        return entry;
    }

    private static List<String> names(ControlGroupMount mount) {
        if (mount.version() == 2) {
            return OF_V2;
        }
        List<String> names = new ArrayList<>();
        for (String controller : mount.names()) {
            names.addAll(OF_CONTROLLER.getOrDefault(controller, List.of()));
        }
        names.addAll(OF_EVERY_V1);
        return names;
    }

    private static CgroupPerms permissions(Path path) {
        FileStatus status = Files.statusAt(AT_FDCWD, path.toString(), 0);
        return CgroupPerms.newBuilder()
                .setMode(status.mode())
                .setUid(status.uid())
                .setGid(status.gid())
                .build();
    }

    /**
     * Sets a property, if it is not as it should be already.
     *
     * @return what went wrong; empty if nothing
     */
    static String write(Path group, CgroupPropEntry property) {
        Path file = group.resolve(property.getName()).normalize();
        boolean ours = group.equals(file.getParent()) && !property.getValue().isEmpty();
        if (!ours
                || property.getName().equals("cgroup.procs")
                || property.getName().equals("tasks")) {
            return "";
        }
        try {
            String value = value(property);
            if (!value.isEmpty()
                    && !java.nio.file.Files.readString(file).strip().equals(property.getValue())) {
                java.nio.file.Files.writeString(file, value);
            }
            return "";
        } catch (IOException | LinuxException e) {
            return file + " = " + property.getValue() + ": " + e.getMessage();
        }
    }

    /** Two files are read otherwise than they are written; {@code cgroup.type} knows but one change. */
    private static String value(CgroupPropEntry property) {
        return switch (property.getName()) {
            case "cgroup.subtree_control" -> "+" + property.getValue().replace(" ", " +");
            case "cgroup.type" -> property.getValue().equals("threaded") ? "threaded" : "";
            case "memory.oom_control", "devices.list", "freezer.state", "cgroup.freeze" -> "";
            default -> property.getValue();
        };
    }
}
