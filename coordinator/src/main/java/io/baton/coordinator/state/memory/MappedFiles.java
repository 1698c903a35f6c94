package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.ghosts.GhostCapture;
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
    private record Key(String path, long device, long inode) {}

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
            FileStatus ghost = map.isDeleted() ? ghost(process, map) : null;
            known = ghost == null
                    ? add(process, "mapping " + map.mapFile(), FileLookup.ofMapping(process.procId(), map))
                    : addGhost(process, map, ghost);
            ids.put(key, known);
        }
        return known;
    }

    /** What the kernel says of a mapped file that has no name any more; null if it has one, or cannot be looked at. */
    static @Nullable FileStatus ghost(SeizedProcess process, ProcMap map) {
        try {
            FileStatus status = Files.statusAt(Files.AT_FDCWD, link(process, map), 0);
            return GhostCapture.is(status) ? status : null;
        } catch (LinuxException e) {
            return null;
        }
    }

    private static String link(SeizedProcess process, ProcMap map) {
        return process.procPath("map_files/" + map.mapFile());
    }

    private int addGhost(SeizedProcess process, ProcMap map, FileStatus status) {
        int id = tree.newFileId();
        tree.addFile(FileEntry.newBuilder()
                .setType(FdTypes.REG)
                .setId(id)
                .setReg(RegFileEntry.newBuilder()
                        .setId(id)
                        .setFlags(0)
                        .setPos(0)
                        .setFown(NO_OWNER)
                        .setName(GhostCapture.name(map.path()))
                        .setMode(status.mode())
                        .setSize(status.size()))
                .build());
        GhostCapture.of(tree).save(link(process, map), status, id);
        return id;
    }

    /** Id in the image of the file a process executes. */
    int idOfExecutable(SeizedProcess process) {
        FileLookup found = FileLookup.ofLink(process.procPath("exe"));
        FileStatus status = found.status();
        Key key = new Key(found.path(), status == null ? 0 : status.dev(), status == null ? 0 : status.ino());
        Integer known = ids.get(key);
        if (known == null) {
            known = add(process, "executable", found);
            ids.put(key, known);
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
