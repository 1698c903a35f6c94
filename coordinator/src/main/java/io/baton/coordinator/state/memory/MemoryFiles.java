package io.baton.coordinator.state.memory;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.MemfdFileEntry;
import io.baton.mktree.image.proto.MemfdInodeEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.MemFd;
import io.baton.task.linux.ProcMap;
import java.util.HashMap;
import java.util.Map;

/**
 * The memory files (memfd_create) that processes of one tree have open or mapped: each is entered in the image once, its contents
 * as shared memory, as CRIU does.
 */
public final class MemoryFiles {
    private static final String PREFIX = "/memfd:";
    private static final String SUFFIX = " (deleted)";
    private static final long ID_MASK = 0xffff_ffffL;

    private final TreeImage tree;
    /** By inode: the entries that stand for mappings. */
    private final Map<Long, Integer> ids = new HashMap<>();
    /** By inode: the files themselves. */
    private final Map<Long, Integer> inodes = new HashMap<>();

    private MemoryFiles(TreeImage tree) {
        this.tree = tree;
    }

    public static MemoryFiles of(TreeImage tree) {
        return tree.shared(MemoryFiles.class, () -> new MemoryFiles(tree));
    }

    /** Opens a memory file for reading. */
    public interface Opener {
        Fd open();
    }

    /** Id in the image of the file behind a mapping. */
    int idOf(SeizedProcess process, ProcMap map) {
        Integer known = ids.get(map.inode());
        if (known == null) {
            known = add(process, map);
            ids.put(map.inode(), known);
        }
        return known;
    }

    private int add(SeizedProcess process, ProcMap map) {
        int id = tree.newFileId();
        int inode = inodeOf(
                map.inode(),
                process.readLink("map_files/" + map.mapFile()),
                () -> SharedMemoryCapture.open(process, map));
        tree.addFile(FileEntry.newBuilder()
                .setType(FdTypes.MEMFD)
                .setId(id)
                .setMemfd(MemfdFileEntry.newBuilder()
                        .setId(id)
                        .setFlags(0)
                        .setPos(0)
                        .setFown(MappedFiles.NO_OWNER)
                        .setInodeId(inode))
                .build());
        return id;
    }

    /** Id in {@code memfd.img} of the file with that inode; what is in it is saved at the first time. */
    public int inodeOf(long inode, String link, Opener opener) {
        Integer known = inodes.get(inode);
        if (known == null) {
            known = addInode(link, opener);
            inodes.put(inode, known);
        }
        return known;
    }

    private int addInode(String link, Opener opener) {
        int id = tree.newFileId();
        try (Fd memory = opener.open()) {
            FileStatus status = Files.status(memory.number());
            long shared = status.ino() & ID_MASK;
            SharedMemoryCapture.of(tree).save(memory.number(), shared);
            boolean huge = HugePages.isOn(memory.number());
            MemfdInodeEntry.Builder entry = MemfdInodeEntry.newBuilder()
                    .setInodeId(id)
                    .setName(name(link))
                    .setUid(status.uid())
                    .setGid(status.gid())
                    .setMode(status.mode())
                    .setSize(status.size())
                    .setSeals(MemFd.seals(memory))
                    .setShmid((int) shared);
            if (huge) {
                entry.setHugetlbFlag(HugePages.memoryFileFlags("/proc/self/fd/" + memory.number()));
            }
            tree.addMemoryFile(entry.build());
        }
        return id;
    }

    private static String name(String link) {
        String name = link.startsWith(PREFIX) ? link.substring(PREFIX.length()) : link;
        return name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
    }
}
