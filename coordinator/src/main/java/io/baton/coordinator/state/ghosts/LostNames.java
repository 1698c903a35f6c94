package io.baton.coordinator.state.ghosts;

import io.baton.coordinator.state.FileOptions;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FownEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.mktree.image.proto.RemapFilePathEntry;
import io.baton.mktree.image.proto.RemapType;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Names that do not lead to their files any more, and what a dump does about it. Where no name is left the file itself is
 * saved, by {@link GhostCapture}; where others are left, it gets one more for the image, by {@link LinkRemaps}; and a file of
 * {@code /proc} of a dead process comes back as one of another process that is dead by then.
 */
public final class LostNames {
    private static final String DELETED = " (deleted)";
    private static final Pattern OF_A_PROCESS =
            Pattern.compile("^(/proc/([0-9]{1,9}))(/.*|" + Pattern.quote(DELETED) + ")?$");
    private static final FownEntry NOBODY = FownEntry.newBuilder()
            .setUid(0)
            .setEuid(0)
            .setSignum(0)
            .setPidType(0)
            .setPid(0)
            .build();

    private LostNames() {}

    /**
     * Why a file cannot be saved.
     *
     * @param remedy empty: that of whoever has the file
     */
    public record Fault(String reason, String remedy) {
        /** What to do about it. */
        public String remedyOr(String other) {
            return remedy.isEmpty() ? other : remedy;
        }
    }

    /** Why a file neither is where its name says nor can be saved without; null if one of both. */
    public static @Nullable Fault fault(String link, FileStatus status, FileOptions options) {
        if (status.nlink() == 0 || isRemovedDirectory(link, status)) {
            return GhostCapture.fault(status, options.ghostLimit());
        }
        String lost = reason(link, status);
        if (lost == null || deadProcess(link, status) > 0) {
            return null;
        } else if (!link.endsWith(DELETED) || !lost.startsWith("deleted")) {
            return new Fault(lost, "");
        }
        return options.linkRemap() ? null : new Fault(lost, "give --link-remap");
    }

    /** Some file systems count a directory's links otherwise than one would think; but it has only ever one name. */
    private static boolean isRemovedDirectory(String link, FileStatus status) {
        return status.type() == FileStatus.S_IFDIR
                && link.endsWith(DELETED)
                && deadProcess(link, status) == 0
                && reason(link, status) != null;
    }

    /** Why a name does not lead to the file with that status, or null if it does. */
    public static @Nullable String reason(String name, FileStatus status) {
        if (status.nlink() == 0) {
            return "deleted";
        }
        if (name.indexOf('\ufffd') >= 0) {
            return "the name is not UTF-8, which the image format asks for";
        }
        try {
            FileStatus named = Files.statusAt(Files.AT_FDCWD, name, Files.AT_SYMLINK_NOFOLLOW);
            return named.dev() == status.dev() && named.ino() == status.ino()
                    ? null
                    : "replaced: another file has that name by now, or in our mount namespace";
        } catch (LinuxException e) {
            return name.endsWith(DELETED)
                    ? "deleted: this name of the file is gone, others are left"
                    : "the name is gone: " + e.getMessage();
        }
    }

    /** The process whose file of {@code /proc} this was, if that is dead and reaped; else 0. */
    private static int deadProcess(String link, FileStatus status) {
        if (!link.startsWith("/proc/")) {
            return 0;
        }
        Matcher process = OF_A_PROCESS.matcher(link);
        if (!process.matches() || Files.statusAt(Files.AT_FDCWD, "/proc", 0).dev() != status.dev()) {
            return 0;
        }
        try {
            Files.statusAt(Files.AT_FDCWD, process.group(1), 0);
            return DELETED.equals(process.group(3)) ? Integer.parseInt(process.group(2)) : 0;
        } catch (LinuxException e) {
            return Integer.parseInt(process.group(2));
        }
    }

    /** Whether it is a file of a process that is no more. */
    public static boolean isOfTheDead(String link, FileStatus status) {
        return deadProcess(link, status) > 0;
    }

    /** Whether the image must have more of a file than the name that is said to lead to it. */
    public static boolean isLost(String link, FileStatus status) {
        return status.nlink() == 0
                || (link.endsWith(DELETED) && reason(link, status) != null)
                || deadProcess(link, status) > 0;
    }

    /** The name that it had. */
    public static String name(String link) {
        return link.endsWith(DELETED) ? link.substring(0, link.length() - DELETED.length()) : link;
    }

    /**
     * Saves a file that is {@linkplain #isLost lost}.
     *
     * @param path that leads to it, below {@code /proc}
     * @param link what the kernel says it is called
     * @param fileId of the entry that stands for it, with the name that it had
     */
    public static void save(String path, String link, FileStatus status, int fileId, TreeImage tree) {
        int dead = deadProcess(link, status);
        if (dead > 0) {
            tree.addRemap(remap(fileId, dead, RemapType.PROCFS));
        } else if (status.nlink() == 0 || status.type() == FileStatus.S_IFDIR) {
            GhostCapture.of(tree).save(path, status, fileId);
        } else {
            tree.addRemap(remap(fileId, linked(path, name(link), status, tree), RemapType.LINKED));
        }
    }

    private static int linked(String path, String name, FileStatus status, TreeImage tree) {
        LinkRemaps links = tree.shared(LinkRemaps.class, LinkRemaps::new);
        return links.of(status, () -> {
            int id = tree.newFileId();
            tree.addFile(FileEntry.newBuilder()
                    .setType(FdTypes.REG)
                    .setId(id)
                    .setReg(RegFileEntry.newBuilder()
                            .setId(id)
                            .setFlags(0)
                            .setPos(0)
                            .setFown(NOBODY)
                            .setName(links.make(path, name, id, tree))
                            .setMode(status.mode()))
                    .build());
            return id;
        });
    }

    static RemapFilePathEntry remap(int fileId, int to, RemapType type) {
        return RemapFilePathEntry.newBuilder()
                .setOrigId(fileId)
                .setRemapId(to)
                .setRemapType(type)
                .build();
    }
}
