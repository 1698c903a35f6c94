package io.baton.coordinator.state.cgroups;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.error.Refusals;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.proto.CgMemberEntry;
import io.baton.mktree.image.proto.CgSetEntry;
import io.baton.mktree.image.proto.CgroupEntry;
import io.baton.task.linux.ControlGroupLine;
import io.baton.task.linux.ControlGroupMount;
import io.baton.task.linux.Identity;
import io.baton.task.linux.ProcFs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The groups of an image, as directories here: for each set of them where its tasks go, in each hierarchy. */
public final class SavedGroups {
    private final GroupOptions options;
    private final CgroupEntry entry;
    private final List<ControlGroupMount> mounts;
    private final List<ControlGroupLine> ours;
    private final Map<Integer, CgSetEntry> sets = new LinkedHashMap<>();
    private final Map<Integer, Map<ControlGroupMount, Path>> places = new LinkedHashMap<>();
    private final @Nullable CgSetEntry dumper;
    private final List<CgMemberEntry> rootGroups;
    private final @Nullable ControlGroupMount freezer;

    /**
     * Reads them.
     *
     * @param dumperSet number of the set that whoever dumped was in
     * @param rootSet that of the tree's root
     */
    public SavedGroups(ImageDirectory directory, GroupOptions options, int dumperSet, int rootSet) throws IOException {
        this.options = options;
        this.entry = options.mode() == ManageGroups.IGNORE
                ? CgroupEntry.getDefaultInstance()
                : directory.find(ImageKind.CGROUP, 0, CgroupEntry.class).orElse(CgroupEntry.getDefaultInstance());
        // Nearly all images have no groups: nothing is read for them.
        boolean any = entry.getSetsCount() > 0 || options.freezer() != null;
        mounts = any ? ControlGroupMount.all() : List.of();
        ours = any ? own() : List.of();
        entry.getSetsList().forEach(set -> sets.put(set.getId(), set));
        dumper = sets.get(dumperSet);
        CgSetEntry root = sets.get(rootSet);
        rootGroups = root == null ? List.of() : root.getCtlsList();
        Path named = options.freezer();
        freezer = named == null ? null : freezerMount(named);
    }

    private static List<ControlGroupLine> own() {
        int self = Identity.pid();
        try (ProcFs proc = new ProcFs()) {
            return ControlGroupLine.of(proc, self, self);
        }
    }

    private ControlGroupMount freezerMount(Path group) {
        Path absolute = group.toAbsolutePath().normalize();
        for (ControlGroupMount mount : mounts) {
            boolean freezes = mount.version() == 2 || mount.names().contains("freezer");
            if (freezes && absolute.startsWith(mount.point()) && !absolute.equals(mount.point())) {
                return mount;
            }
        }
        throw new BatonException(
                ErrorCode.FREEZER,
                group + " cannot be a group that can be frozen",
                "give a directory below where the v1 freezer hierarchy or v2 is mounted");
    }

    /** Adds why tasks cannot go into their groups. */
    public void validate(int root, Refusals refusals) {
        for (CgSetEntry set : sets.values()) {
            for (CgMemberEntry member : moved(set)) {
                if (directory(member) == null) {
                    refusals.add(
                            root,
                            "control group " + member.getName() + ":" + member.getPath(),
                            "its hierarchy is not mounted here",
                            "mount it, or use --manage-cgroups=ignore");
                }
            }
        }
        for (Path group : savedDirectories()) {
            boolean there = Files.isDirectory(group);
            if (!there && !options.mode().makes()) {
                refusals.add(root, "control group " + group, "is not there", "make it, or use --manage-cgroups=soft");
            } else if (there && options.mode() == ManageGroups.STRICT) {
                refusals.add(root, "control group " + group, "is there already", "remove it");
            }
        }
    }

    /** Of a set, those groups that its tasks do not share with whoever dumped. */
    private List<CgMemberEntry> moved(CgSetEntry set) {
        List<CgMemberEntry> moved = new ArrayList<>(set.getCtlsList());
        if (dumper != null) {
            moved.removeAll(dumper.getCtlsList());
        }
        return moved;
    }

    private @Nullable ControlGroupMount mount(CgMemberEntry member) {
        for (ControlGroupLine line : ControlGroupLine.parseAll("0:" + member.getName() + ":/")) {
            for (ControlGroupMount mount : mounts) {
                if (mount.isOf(line)) {
                    return mount;
                }
            }
        }
        return null;
    }

    private @Nullable Path directory(CgMemberEntry member) {
        ControlGroupMount mount = mount(member);
        return mount == null ? null : mount.directory(path(member));
    }

    /** With {@code --cgroup-root}, the root's group is replaced, and those below come along. */
    private String path(CgMemberEntry member) {
        String root = options.roots().get(member.getName());
        if (root == null) {
            root = options.roots().get("");
        }
        if (root != null) {
            for (CgMemberEntry first : rootGroups) {
                String base = first.getPath().equals("/") ? "" : first.getPath();
                boolean below = member.getPath().equals(first.getPath())
                        || member.getPath().startsWith(base + "/");
                if (first.getName().equals(member.getName()) && below) {
                    String rest = member.getPath().substring(base.length());
                    return rest.equals("/") ? root : root + rest;
                }
            }
        }
        return member.getPath();
    }

    /** Where the tasks of a set go, in the hierarchies where they do not come to be where we are. */
    public Map<ControlGroupMount, Path> places(int set) {
        return places.computeIfAbsent(set, this::findPlaces);
    }

    private Map<ControlGroupMount, Path> findPlaces(int id) {
        Map<ControlGroupMount, Path> found = new LinkedHashMap<>();
        CgSetEntry set = sets.get(id);
        for (CgMemberEntry member : set == null ? List.<CgMemberEntry>of() : moved(set)) {
            ControlGroupMount mount = mount(member);
            Path directory = directory(member);
            if (mount != null && directory != null && !directory.equals(ownPlace(mount))) {
                found.put(mount, directory);
            }
        }
        Path named = options.freezer();
        if (freezer != null && named != null) {
            found.put(freezer, named.toAbsolutePath().normalize());
        }
        return found;
    }

    /** Where we are ourselves. */
    public Path ownPlace(ControlGroupMount mount) {
        for (ControlGroupLine line : ours) {
            Path directory = mount.isOf(line) ? mount.directory(line.group()) : null;
            if (directory != null) {
                return directory;
            }
        }
        return mount.point();
    }

    /** All directories that tasks go into because they were there. */
    private Set<Path> savedDirectories() {
        Set<Path> all = new LinkedHashSet<>();
        for (CgSetEntry set : sets.values()) {
            for (CgMemberEntry member : moved(set)) {
                Path directory = directory(member);
                ControlGroupMount mount = mount(member);
                if (directory != null && mount != null && !directory.equals(ownPlace(mount))) {
                    all.add(directory);
                }
            }
        }
        return all;
    }

    /** Makes what is to be made. */
    public void make(GroupMaker maker) {
        List<Path> made = new ArrayList<>();
        for (Path directory : savedDirectories()) {
            made.addAll(maker.make(directory));
        }
        Path named = options.freezer();
        if (named != null) {
            maker.make(named.toAbsolutePath().normalize());
        }
        new SavedProperties(entry, options, mounts, this::path).apply(savedDirectories(), Set.copyOf(made));
    }
}
