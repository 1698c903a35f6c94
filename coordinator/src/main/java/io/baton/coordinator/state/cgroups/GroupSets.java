package io.baton.coordinator.state.cgroups;

import io.baton.mktree.image.proto.CgControllerEntry;
import io.baton.mktree.image.proto.CgMemberEntry;
import io.baton.mktree.image.proto.CgSetEntry;
import io.baton.mktree.image.proto.CgroupDirEntry;
import io.baton.mktree.image.proto.CgroupEntry;
import io.baton.task.linux.ControlGroupLine;
import io.baton.task.linux.ControlGroupMount;
import io.baton.task.linux.Identity;
import io.baton.task.linux.ProcFs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The sets of groups that the tasks of a tree are in, each once. The first, {@link #OWN}, is that of whoever dumps: to the
 * tasks in it, or in one hierarchy in the same group, a restore says "where you are called from".
 */
public final class GroupSets {
    /** Number of our own set. */
    public static final int OWN = 1;

    private final Map<String, Integer> ids = new LinkedHashMap<>();

    public GroupSets() {
        int pid = Identity.pid();
        try (ProcFs proc = new ProcFs()) {
            ids.put(proc.readText(pid, "cgroup"), OWN);
        }
    }

    /**
     * The number of a set.
     *
     * @param text of {@code /proc/PID/task/TID/cgroup}
     */
    synchronized int id(String text) {
        Integer known = ids.putIfAbsent(text, ids.size() + 1);
        return known == null ? ids.size() : known;
    }

    /** All of them with the groups they name; null if all tasks are where we are. */
    public synchronized @Nullable CgroupEntry entry() {
        if (ids.size() == 1) {
            return null;
        }
        CgroupEntry.Builder entry = CgroupEntry.newBuilder();
        ids.forEach((text, id) -> entry.addSets(set(id, ControlGroupLine.parseAll(text))));
        // All of them: CRIU will not restore a set one of whose controllers has no directories.
        for (ControlGroupMount mount : ControlGroupMount.all()) {
            TreeSet<String> groups = new TreeSet<>();
            ids.keySet()
                    .forEach(text -> ControlGroupLine.parseAll(text).stream()
                            .filter(mount::isOf)
                            .forEach(line -> groups.add(line.group())));
            if (!groups.isEmpty()) {
                entry.addControllers(controller(mount, groups));
            }
        }
        return entry.build();
    }

    private static CgSetEntry set(int id, List<ControlGroupLine> lines) {
        CgSetEntry.Builder set = CgSetEntry.newBuilder().setId(id);
        lines.stream()
                .map(line -> CgMemberEntry.newBuilder()
                        .setName(String.join(",", line.names()))
                        .setPath(line.group())
                        .build())
                .sorted((a, b) -> a.getName().compareTo(b.getName()))
                .forEach(set::addCtls);
        return set.build();
    }

    /** Directories in order of path: each goes into the longest that begins it. */
    private static CgControllerEntry controller(ControlGroupMount mount, SortedSet<String> groups) {
        CgControllerEntry.Builder controller = CgControllerEntry.newBuilder()
                .addCnames(String.join(",", mount.names()))
                .setIsThreaded(mount.version() == 1);
        TreeMap<String, CgroupDirEntry.Builder> made = new TreeMap<>();
        Map<String, String> parents = new LinkedHashMap<>();
        for (String group : groups) {
            Path directory = mount.directory(group);
            if (directory == null || !Files.isDirectory(directory)) {
                continue; // removed, and somebody is in it all the same
            }
            String parent = "";
            for (String other : made.keySet()) {
                if (group.startsWith(other.equals("/") ? other : other + "/") && other.length() > parent.length()) {
                    parent = other;
                }
            }
            int from = parent.equals("/") ? 1 : parent.length() + 1;
            made.put(group, GroupProperties.read(mount, directory).setDirName(group.substring(from)));
            parents.put(group, parent);
        }
        // Children are copied into their parents: the deepest first.
        for (String group : new TreeMap<>(made).descendingKeySet()) {
            CgroupDirEntry.Builder directory = made.get(group);
            String parent = parents.get(group);
            if (directory == null || parent == null) {
                continue;
            }
            CgroupDirEntry.Builder above = made.get(parent);
            if (above == null) {
                controller.addDirs(0, directory);
            } else {
                above.addChildren(0, directory);
            }
        }
        return controller.build();
    }
}
