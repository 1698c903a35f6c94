package io.baton.coordinator.state.ghosts;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageEntry;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageReader;
import io.baton.mktree.image.LinkRemap;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.GhostFileEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.mktree.image.proto.RemapFilePathEntry;
import io.baton.mktree.image.proto.RemapType;
import io.baton.task.linux.Errno;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The files of an image that had lost their names. We make them before the tree needs them, under the names that they had (or,
 * where somebody else has that by now, another one), so that tasks can open them like all others; and remove the names when
 * all tasks have what they need, or when the restore failed. Those of which other names were left are found by the name that
 * the dump gave them, which goes when the restore has succeeded.
 */
public final class GhostFiles {
    private final ImageDirectory directory;
    /** By the id of an entry: the ghost that it stands for. */
    private final Map<Integer, Integer> ghosts = new HashMap<>();
    /** By the id of an entry: that of the name by which it is to be found. */
    private final Map<Integer, Integer> links = new HashMap<>();
    /** By the id of an entry: what it was called below the directory of a process that is no more. */
    private final Map<Integer, OfTheDead> dead = new HashMap<>();
    /** By the id of a ghost: where it is to be; in the order in which they are made. */
    private final Map<Integer, Path> paths = new TreeMap<>();
    /** By the id of a ghost: what it is. */
    private final Map<Integer, GhostFileEntry> kinds = new HashMap<>();
    /** By the id of a name: that name, and where the file is to be. */
    private final Map<Integer, Link> names = new TreeMap<>();

    private final StandIns standIns = new StandIns();
    private final List<Path> made = new ArrayList<>();

    /** A name that the dump has given, and the one that the file had. */
    private record Link(Path name, Path path) {}

    private record OfTheDead(int pid, String rest) {}

    /** Finds a file description by its id. */
    public interface FileDescriptions {
        @Nullable
        FileEntry file(int id);
    }

    private GhostFiles(ImageDirectory directory) {
        this.directory = directory;
    }

    public static GhostFiles of(ProcessRestore process) {
        return process.shared(GhostFiles.class, () -> read(process.directory(), process::file));
    }

    /** Those of an image whose file descriptions are to be had there. */
    public static GhostFiles read(ImageDirectory directory, FileDescriptions files) {
        GhostFiles found = new GhostFiles(directory);
        try {
            for (RemapFilePathEntry remap :
                    directory.allIfPresent(ImageKind.REMAP_FPATH, 0, RemapFilePathEntry.class)) {
                FileEntry file = files.file(remap.getOrigId());
                if (file != null && file.hasReg()) {
                    found.add(remap, file.getReg().getName(), files.file(remap.getRemapId()));
                }
            }
        } catch (IOException e) {
            throw damaged(e);
        } catch (InvalidPathException e) {
            throw damaged(new IOException(e.getMessage(), e));
        }
        return found;
    }

    private static BatonException damaged(IOException e) {
        return new BatonException(ErrorCode.BAD_IMAGE, "ghost file: " + e.getMessage(), "use another image", e);
    }

    private void add(RemapFilePathEntry remap, String name, @Nullable FileEntry to) throws IOException {
        int id = remap.getRemapId();
        if (remap.getRemapType() == RemapType.GHOST && canBeMade(id)) {
            ghosts.put(remap.getOrigId(), id);
            paths.computeIfAbsent(id, key -> free(name, key));
        } else if (remap.getRemapType() == RemapType.LINKED && to != null && to.hasReg()) {
            links.put(remap.getOrigId(), id);
            names.computeIfAbsent(id, key -> new Link(absolute(to.getReg().getName()), free(name, key)));
        } else if (remap.getRemapType() == RemapType.PROCFS && id > 0) {
            String directory = "/proc/" + id;
            String was = LostNames.name(absolute(name).toString());
            if (was.equals(directory) || was.startsWith(directory + "/")) {
                dead.put(remap.getOrigId(), new OfTheDead(id, was.substring(directory.length())));
            }
        }
    }

    private boolean canBeMade(int ghost) throws IOException {
        long id = Integer.toUnsignedLong(ghost);
        if (!directory.has(ImageKind.GHOST_FILE, id)) {
            return false;
        }
        try (ImageReader reader = directory.read(ImageKind.GHOST_FILE, id)) {
            ImageEntry first = reader.next();
            if (first == null || !GhostMaker.canMake((GhostFileEntry) first.message())) {
                return false;
            }
            kinds.put(ghost, (GhostFileEntry) first.message());
            return true;
        }
    }

    private static Path absolute(String name) {
        return Path.of(name.startsWith("/") ? name : "/".concat(name));
    }

    /** The name that it had, if nobody has that now; further up, where directories are gone too. */
    private static Path free(String name, int ghost) {
        Path path = absolute(LostNames.name(name));
        Path parent = path.getParent();
        Path base = path.getFileName();
        if (parent == null || base == null) {
            return path; // the root: there is something
        }
        while (parent.getParent() != null && !java.nio.file.Files.isDirectory(parent)) {
            parent = parent.getParent();
        }
        Path free = parent.resolve(base);
        return java.nio.file.Files.exists(free, LinkOption.NOFOLLOW_LINKS)
                ? free.resolveSibling(base + ".baton-ghost-" + Integer.toHexString(ghost))
                : free;
    }

    /** Where the file of an entry is while the tree is restored; null if it had its name. */
    public @Nullable String path(int fileId) {
        OfTheDead process = dead.get(fileId);
        if (process != null) {
            return "/proc/" + standIns.pid(process.pid) + process.rest;
        }
        Integer link = links.get(fileId);
        if (link != null) {
            Link name = names.get(link);
            return name == null ? null : name.path.toString();
        }
        Integer ghost = ghosts.get(fileId);
        Path path = ghost == null ? null : paths.get(ghost);
        return path == null ? null : path.toString();
    }

    /**
     * The entries of a file that had lost its name.
     *
     * @param device as the kernel tells it of what is watched
     */
    public List<Integer> entriesOf(int device, long inode) {
        List<Integer> found = new ArrayList<>();
        ghosts.forEach((fileId, ghost) -> {
            GhostFileEntry kind = kinds.get(ghost);
            if (kind != null && kind.getDev() == device && kind.getIno() == inode) {
                found.add(fileId);
            }
        });
        links.forEach((fileId, id) -> {
            Link link = names.get(id);
            if (link != null && leadsTo(link.name, device, inode)) {
                found.add(fileId);
            }
        });
        return found;
    }

    private static boolean leadsTo(Path name, int device, long inode) {
        try {
            FileStatus status = Files.statusAt(Files.AT_FDCWD, name.toString(), Files.AT_SYMLINK_NOFOLLOW);
            return status.ino() == inode && GhostCapture.device(status.dev()) == device;
        } catch (LinuxException e) {
            return false;
        }
    }

    /** Why the file of an entry cannot come back, though it has got another name; empty if it can. */
    public String fault(int fileId, RegFileEntry file) {
        Integer id = links.get(fileId);
        Link link = id == null ? null : names.get(id);
        if (link == null) {
            return "";
        } else if (!LinkRemap.isOne(link.name)) {
            return "had lost its name, and the one that the image gives for it is none of a dump's: " + link.name;
        }
        try {
            FileStatus status = Files.statusAt(Files.AT_FDCWD, link.name.toString(), Files.AT_SYMLINK_NOFOLLOW);
            boolean same = !file.hasMode() || (file.getMode() & FileStatus.S_IFMT) == status.type();
            return same && (!file.hasSize() || file.getSize() == status.size())
                    ? ""
                    : "is another file than at the dump, or has another size: " + link.name;
        } catch (LinuxException e) {
            return "had lost its name, and the one that the dump gave it is gone: " + link.name;
        }
    }

    /**
     * Makes them all.
     *
     * @param pids tells those that the tree will have
     */
    public void make(IntPredicate pids) {
        for (OfTheDead process : dead.values()) {
            if (standIns.pid(process.pid) == process.pid) {
                standIns.make(process.pid, pids);
            }
        }
        for (Link link : names.values()) {
            try {
                Files.linkAt(Files.AT_FDCWD, link.name.toString(), Files.AT_FDCWD, link.path.toString(), 0);
                made.add(link.path);
            } catch (LinuxException e) {
                throw cannotMake(link.path, e);
            }
        }
        for (Map.Entry<Integer, Path> ghost : paths.entrySet()) {
            try (ImageReader reader = directory.read(ImageKind.GHOST_FILE, Integer.toUnsignedLong(ghost.getKey()))) {
                make(ghost.getValue(), reader);
            } catch (IOException e) {
                throw damaged(e);
            } catch (LinuxException e) {
                throw cannotMake(ghost.getValue(), e);
            }
        }
    }

    private static BatonException cannotMake(Path path, LinuxException e) {
        String reason =
                e.errno() == Errno.EEXIST ? "another file has that name by now" : String.valueOf(e.getMessage());
        return new BatonException(
                ErrorCode.MISSING_RESOURCE,
                "cannot make " + path + ", which had no name any more at the dump: " + reason,
                "make room for it there, as there was at the dump",
                e);
    }

    private void make(Path path, ImageReader reader) throws IOException {
        ImageEntry first = reader.next();
        if (first == null) {
            throw new IOException("the image has nothing of it");
        }
        GhostFileEntry ghost = (GhostFileEntry) first.message();
        GhostMaker.make(path.toString(), ghost);
        made.add(path);
        GhostMaker.fill(path.toString(), ghost, reader, first);
    }

    /** Takes the names away; whoever has a file open, or mapped, keeps it. */
    public void remove() {
        Collections.reverse(made);
        made.forEach(GhostFiles::remove);
        made.clear();
        standIns.end();
    }

    /** The tree is back, and will not be restored from that image again: takes away the names that the dump has given. */
    public void finish() {
        names.values().forEach(link -> remove(link.name));
    }

    private static void remove(Path path) {
        try {
            java.nio.file.Files.deleteIfExists(path);
        } catch (IOException e) {
            LoggerFactory.getLogger(GhostFiles.class)
                    .warn("cannot remove {}, which had no name at the dump: {}", path, e.getMessage());
        }
    }
}
