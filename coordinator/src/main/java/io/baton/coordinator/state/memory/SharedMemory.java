package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.MemfdInodeEntry;
import io.baton.mktree.image.proto.VmaEntry;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The memory objects that processes of an image share. CRIU has two ways to write them: by the number of the object, or
 * as a file without a name.
 */
public final class SharedMemory {
    /** What a nameless memory file is called in the image if it was anonymous memory. */
    static final String ANONYMOUS = "/dev/zero";

    private final Map<Long, SharedObject> objects = new HashMap<>();
    private @Nullable Map<Long, MemfdInodeEntry> inodes;

    public static SharedMemory of(ProcessRestore process) {
        return process.shared(SharedMemory.class, SharedMemory::new);
    }

    /** Whether a mapping is of shared memory. */
    static boolean isShared(VmaEntry vma) {
        return VmaBits.has(vma.getStatus(), VmaBits.ANON_SHARED | VmaBits.MEMFD);
    }

    /**
     * The object behind a mapping, at least as large as that mapping wants it.
     *
     * @throws BatonException if the image has no such object
     */
    SharedObject object(ProcessRestore process, VmaEntry vma) {
        SharedObject object = VmaBits.has(vma.getStatus(), VmaBits.MEMFD)
                ? of(process, inode(process, (int) vma.getShmid()))
                : object(process, vma.getShmid(), null);
        if (!VmaBits.has(vma.getFlags(), VmaBits.MAP_PRIVATE)) { // which may end beyond it
            object.reach(vma.getPgoff() + vma.getEnd() - vma.getStart());
        }
        return object;
    }

    /** The memory file with that id in {@code memfd.img}, or null. */
    public @Nullable SharedObject file(ProcessRestore process, int inodeId) {
        MemfdInodeEntry inode = inodes(process).get(Integer.toUnsignedLong(inodeId));
        return inode == null ? null : of(process, inode);
    }

    private SharedObject of(ProcessRestore process, MemfdInodeEntry inode) {
        return object(process, Integer.toUnsignedLong(inode.getShmid()), inode);
    }

    private SharedObject object(ProcessRestore process, long id, @Nullable MemfdInodeEntry inode) {
        SharedObject object = objects.get(id);
        if (object == null) {
            object = new SharedObject(inode, pagemap(process, id));
            objects.put(id, object);
        }
        return object;
    }

    private static @Nullable PagemapImage pagemap(ProcessRestore process, long id) {
        try {
            return process.directory().has(ImageKind.PAGEMAP_SHMEM, id)
                    ? PagemapImage.readWithParents(process.directory(), ImageKind.PAGEMAP_SHMEM, id)
                    : null;
        } catch (IOException e) {
            throw damaged(e.getMessage(), e);
        }
    }

    private MemfdInodeEntry inode(ProcessRestore process, int fileId) {
        FileEntry file = process.file(fileId);
        if (file == null || !file.hasMemfd()) {
            throw damaged("mapped memory file has no entry in files.img: id=" + fileId, null);
        }
        MemfdInodeEntry inode =
                inodes(process).get(Integer.toUnsignedLong(file.getMemfd().getInodeId()));
        if (inode == null) {
            throw damaged("mapped memory file has no entry in memfd.img: id=" + fileId, null);
        }
        return inode;
    }

    private Map<Long, MemfdInodeEntry> inodes(ProcessRestore process) {
        Map<Long, MemfdInodeEntry> known = inodes;
        if (known == null) {
            known = readInodes(process);
            inodes = known;
        }
        return known;
    }

    private static Map<Long, MemfdInodeEntry> readInodes(ProcessRestore process) {
        Map<Long, MemfdInodeEntry> inodes = new HashMap<>();
        try {
            List<MemfdInodeEntry> entries =
                    process.directory().allIfPresent(ImageKind.MEMFD_INODE, 0, MemfdInodeEntry.class);
            entries.forEach(entry -> inodes.put(entry.getInodeId(), entry));
        } catch (IOException e) {
            throw damaged(e.getMessage(), e);
        }
        return inodes;
    }

    private static BatonException damaged(@Nullable String reason, @Nullable Throwable cause) {
        return new BatonException(ErrorCode.BAD_IMAGE, "shared memory: " + reason, "use another image", cause);
    }
}
