package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.ghosts.LostNames;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FownEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcMap;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The files that processes of one tree have mapped or execute: each is looked up and entered in the image once. */
final class MappedFiles {
    private record Key(String path, long device, long inode) {
        static @Nullable Key of(String link) {
            try {
                FileStatus status = Files.statusAt(Files.AT_FDCWD, link, 0);
                return new Key(Files.readLink(link), status.dev(), status.ino());
            } catch (LinuxException e) {
                return null;
            }
        }

        // Written out: what the JVM makes of a record it makes at run time, for tens of milliseconds.
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Key that && inode == that.inode && device == that.device && path.equals(that.path);
        }

        @Override
        public int hashCode() {
            return 31 * path.hashCode() + Long.hashCode(inode);
        }
    }

    /** Gets no signals. */
    static final FownEntry NO_OWNER = FownEntry.newBuilder()
            .setUid(0)
            .setEuid(0)
            .setSignum(0)
            .setPidType(0)
            .setPid(0)
            .build();

    private final TreeImage tree;
    private final Map<Key, Integer> ids = new HashMap<>();
    private final Map<Key, Integer> executables = new HashMap<>();

    private MappedFiles(TreeImage tree) {
        this.tree = tree;
    }

    static MappedFiles of(TreeImage tree) {
        return tree.shared(MappedFiles.class, () -> new MappedFiles(tree));
    }

    /** Id in the image of the file behind a mapping. */
    int idOf(SeizedProcess process, ProcMap map) {
        Key key = new Key(map.path(), map.device(), map.inode());
        Integer known = ids.get(key);
        if (known == null) {
            Lost lost = map.isDeleted() ? lost(process, map) : null;
            known = lost == null
                    ? add(process, "mapping " + map.mapFile(), FileLookup.ofMapping(process.procId(), map))
                    : addLost(lost);
            ids.put(key, known);
        }
        return known;
    }

    /**
     * A regular file that is not at its path any more.
     *
     * @param path that leads to it, below {@code /proc}
     * @param link what the kernel says it is called
     */
    record Lost(String path, String link, FileStatus status) {}

    /** The file of a mapping, if it has lost its name and can be looked at; else null. */
    static @Nullable Lost lost(SeizedProcess process, ProcMap map) {
        return lost(process.procPath("map_files/" + map.mapFile()));
    }

    /** What a process executes, likewise. */
    static @Nullable Lost lostExecutable(SeizedProcess process) {
        return lost(process.procPath("exe"));
    }

    private static @Nullable Lost lost(String path) {
        try {
            FileStatus status = Files.statusAt(Files.AT_FDCWD, path, 0);
            String link = Files.readLink(path);
            return status.type() == FileStatus.S_IFREG && LostNames.isLost(link, status)
                    ? new Lost(path, link, status)
                    : null;
        } catch (LinuxException e) {
            return null;
        }
    }

    private int addLost(Lost lost) {
        int id = tree.newFileId();
        tree.addFile(FileEntry.newBuilder()
                .setType(FdTypes.REG)
                .setId(id)
                .setReg(RegFileEntry.newBuilder()
                        .setId(id)
                        .setFlags(0)
                        .setPos(0)
                        .setFown(NO_OWNER)
                        .setName(LostNames.name(lost.link()))
                        .setMode(lost.status().mode())
                        .setSize(lost.status().size()))
                .build());
        LostNames.save(lost.path(), lost.link(), lost.status(), id, tree);
        return id;
    }

    /** Id in the image of the file a process executes. */
    int idOfExecutable(SeizedProcess process) {
        // Most run the same: what has been looked up once is told by its link and what that leads to.
        String link = process.procPath("exe");
        Key key = Key.of(link);
        Integer known = key == null ? null : executables.get(key);
        if (known != null) {
            return known;
        }
        FileLookup found = FileLookup.ofLink(link);
        Lost lost = found.status() == null ? lostExecutable(process) : null;
        FileStatus status = lost == null ? found.status() : lost.status();
        Key file = new Key(found.path(), status == null ? 0 : status.dev(), status == null ? 0 : status.ino());
        known = ids.get(file);
        if (known == null) {
            known = lost == null ? add(process, "executable", found) : addLost(lost);
            ids.put(file, known);
        }
        if (key != null) {
            executables.put(key, known);
        }
        return known;
    }

    private int add(SeizedProcess process, String use, FileLookup found) {
        FileStatus status = found.status();
        if (status == null) {
            throw new BatonException(
                    ErrorCode.MISSING_RESOURCE,
                    "pid " + process.pid() + ": " + use + ": file went away during the dump: " + found.path(),
                    "keep the program's files in place and dump again");
        }
        RegFileEntry.Builder entry = RegFileEntry.newBuilder()
                .setFlags(0)
                .setPos(0)
                .setFown(NO_OWNER)
                .setName(found.path())
                .setMode(status.mode());
        if (found.isRegular()) {
            entry.setSize(status.size()).addAllBuildId(BuildId.of(found.path()));
        }
        if (FleetingFile.is(found.path(), status)) {
            entry.setCopyId(FleetingFile.capture(found.path(), status, tree));
        }
        return tree.addPath(entry);
    }
}
