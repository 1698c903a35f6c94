package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.ghosts.GhostFiles;
import io.baton.coordinator.state.ghosts.LostNames;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.RegFileEntry;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import org.jspecify.annotations.Nullable;

/**
 * What is opened again by its name and has no state but a position: regular files, directories, the memory devices
 * ({@code /dev/null} and the like), and anything opened by O_PATH.
 */
final class NamedFile implements FileKind {
    private static final int MEMORY_DEVICES = 1;
    private static final long NO_POSITION = -1;

    @Override
    public FdTypes type() {
        return FdTypes.REG;
    }

    @Override
    public Account account() {
        return new Account(
                        "file",
                        "its path, checked; fdinfo; of one without a name the contents; --link-remap gives it one",
                        "open(2), lseek(2); without a name: made by the coordinator, opened, and unlinked",
                        "RegFileEntry",
                        "GhostFileEntry",
                        "RemapFilePathEntry")
                .refusing(
                        "the name is not UTF-8, which the image format asks for",
                        "replaced: another file has that name by now, or in our mount namespace",
                        "deleted: this name of the file is gone, others are left",
                        "the name is gone: *",
                        "deleted",
                        "deleted, and too large to be saved: *",
                        "belongs to a process outside the tree",
                        "a file of * keeps state for whoever has it open");
    }

    @Override
    public boolean matches(OpenFile file) {
        if (!file.hasPath()
                || file.link().startsWith(UnsupportedFile.MEMORY_FILE)
                || file.link().startsWith(UnsupportedFile.SECRET_MEMORY)) {
            return false;
        }
        return FileFlags.isPath(file.flags())
                || switch (file.status().type()) {
                    case FileStatus.S_IFREG, FileStatus.S_IFDIR -> true;
                    case FileStatus.S_IFCHR -> isMemoryDevice(file.status().rdev());
                    default -> false;
                };
    }

    /** null, zero, full, random, urandom: nothing in them depends on who has them open. */
    private static boolean isMemoryDevice(long device) {
        return FileStatus.major(device) == MEMORY_DEVICES
                && switch (FileStatus.minor(device)) {
                    case 3, 5, 7, 8, 9 -> true;
                    default -> false;
                };
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        LostNames.Fault fault = fault(file, inspection);
        if (fault != null) {
            inspection.refuse(
                    file, fault.reason(), fault.remedyOr("close the file before the dump, or keep it in place"));
        } else if (!LostNames.isLost(file.link(), file.status())) {
            KernelFileSystem.inspect(file, inspection);
        }
    }

    /** Why the file can neither be found by its name nor be saved without, or null. */
    static LostNames.@Nullable Fault fault(OpenFile file, FileInspection inspection) {
        return LostNames.fault(file.link(), file.status(), inspection.options().files());
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        entry.setReg(describe(file, entry.getId(), tree));
    }

    /**
     * The entry for a file by name, as CRIU writes it: no size for what is only appended to, it may grow meanwhile. What has
     * lost its name is saved.
     */
    static RegFileEntry describe(OpenFile file, int id, TreeImage tree) {
        boolean lost = LostNames.isLost(file.link(), file.status());
        if (lost) {
            LostNames.save(file.procPath(), file.link(), file.status(), id, tree);
        }
        int flags = file.flags();
        RegFileEntry.Builder reg = RegFileEntry.newBuilder()
                .setId(id)
                .setFlags(flags)
                .setPos(file.info().position())
                .setFown(file.owner())
                .setName(lost ? LostNames.name(file.link()) : file.link())
                .setMode(file.status().mode());
        boolean appends = FileFlags.access(flags) == Files.O_WRONLY && (flags & Files.O_APPEND) != 0;
        if (file.status().type() == FileStatus.S_IFREG && !appends) {
            reg.setSize(file.status().size());
        }
        return reg.build();
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        validation.require(entry.getId(), entry.getReg());
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        RegFileEntry reg = entry.getReg();
        int flags = FileFlags.reopen(reg.getFlags(), task.targetClosesOnExec());
        ProgramBuilder block = task.block();
        int path = block.string(path(entry.getId(), reg, task.process()));
        block.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(flags)
                .value(0);
        Handle handle = task.expectOpened(task.targetClosesOnExec());
        task.bind(entry.getId(), handle);
        long position = reg.getPos();
        if (position != 0 && position != NO_POSITION && !FileFlags.isPath(flags)) {
            block.call(SyscallNumber.LSEEK)
                    .value(handle.fd())
                    .value(position)
                    .value(0)
                    .expect(position);
        }
        FileFlags.settle(task, handle.fd(), flags, reg.getFlags(), reg.getFown());
    }

    /** By which name a file is to be opened while the tree is restored. */
    static String path(int id, RegFileEntry reg, ProcessRestore process) {
        String made = GhostFiles.of(process).path(id);
        return made == null ? reg.getName() : made;
    }
}
