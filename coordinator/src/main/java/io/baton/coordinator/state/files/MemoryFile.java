package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.memory.MemoryFiles;
import io.baton.coordinator.state.memory.SharedMemory;
import io.baton.coordinator.state.memory.SharedObject;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.MemfdFileEntry;
import io.baton.mktree.image.proto.MemfdInodeEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;

/**
 * Descriptors of memory files (memfd_create(2)). The first process that has the file, open or mapped, makes it; all others, and all
 * further descriptions, open it by a link in {@code /proc}.
 */
final class MemoryFile implements FileKind {
    private static final String PREFIX = "/memfd:";
    private static final long HUGETLBFS = 0x958458f6L;

    @Override
    public FdTypes type() {
        return FdTypes.MEMFD;
    }

    @Override
    public Account account() {
        return new Account(
                        "memory file",
                        "through a copy of the descriptor; holes stay holes",
                        "memfd_create(2), sendfile(2) from the image; further descriptions by /proc/PID/fd; seals when all else is there",
                        "MemfdFileEntry",
                        "MemfdInodeEntry",
                        "PagemapEntry")
                .refusing("a memory file of huge pages (MFD_HUGETLB) that the process has not mapped as a whole");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.link().startsWith(PREFIX)
                && file.status().type() == FileStatus.S_IFREG
                && !FileFlags.isPath(file.flags());
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        if (KernelFileSystem.type(file) == HUGETLBFS && !isMapped(file)) {
            inspection.refuse(
                    file,
                    "a memory file of huge pages (MFD_HUGETLB) that the process has not mapped as a whole",
                    "close it before the dump");
        }
    }

    /** There is no other way to write it. */
    private static boolean isMapped(OpenFile file) {
        long inode = file.status().ino();
        long size = file.status().size();
        return file.process().maps().stream()
                .anyMatch(map -> map.inode() == inode
                        && map.path().startsWith(PREFIX)
                        && map.offset() == 0
                        && map.end() - map.start() >= size);
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        int inode = MemoryFiles.of(tree).inodeOf(file.status().ino(), file.link(), () -> readable(file));
        entry.getMemfdBuilder()
                .setId(entry.getId())
                .setFlags(file.flags())
                .setPos(file.info().position())
                .setFown(file.owner())
                .setInodeId(inode);
    }

    /** Where the descriptor can only write, the link of it opens the file anew. */
    private static Fd readable(OpenFile file) {
        return FileFlags.isReadable(file.flags())
                ? file.fetch()
                : Files.open(file.procPath(), Files.O_RDONLY | Files.O_CLOEXEC);
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        MemfdFileEntry memfd = entry.getMemfd();
        SharedObject object = SharedMemory.of(validation.process()).file(validation.process(), memfd.getInodeId());
        MemfdInodeEntry inode = object == null ? null : object.file();
        if (object == null || inode == null) {
            validation.refuse("memfd.img", "no such memory file: id=" + memfd.getInodeId(), "");
        } else if (inode.getSize() < 0) {
            validation.refuse(
                    inode.getName(),
                    "no memory file that could be made: bytes=" + Long.toUnsignedString(inode.getSize()),
                    "");
        } else if (inode.hasHugetlbFlag() && !object.isMapped()) {
            validation.refuse(inode.getName(), "a memory file of huge pages that nobody has mapped before", "");
        }
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        new MemoryFileProgram(entry.getMemfd(), task).compile(entry.getId());
    }
}
