package io.baton.coordinator.state.files;

import io.baton.coordinator.state.memory.SharedMemory;
import io.baton.coordinator.state.memory.SharedObject;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.CredsEntry;
import io.baton.mktree.image.proto.MemfdFileEntry;
import io.baton.mktree.image.proto.MemfdInodeEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.MemFd;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.Objects;

/** Makes or opens one memory file for a descriptor. */
final class MemoryFileProgram {
    private static final int PERMISSIONS = 07777;
    /** Of a memory file that has just been made. */
    private static final int DEFAULT_PERMISSIONS = 0777;

    private static final long MOST_BYTES = 256L << 20;

    private final MemfdFileEntry entry;
    private final TaskDescriptors task;
    private final SharedObject object;
    private final MemfdInodeEntry inode;

    MemoryFileProgram(MemfdFileEntry entry, TaskDescriptors task) {
        this.entry = entry;
        this.task = task;
        this.object = Objects.requireNonNull(
                SharedMemory.of(task.process()).file(task.process(), entry.getInodeId()), "refused by validate");
        this.inode = Objects.requireNonNull(object.file(), "refused by validate");
    }

    void compile(int id) {
        boolean close = task.targetClosesOnExec();
        int wanted = FileFlags.reopen(entry.getFlags(), close);
        Handle handle;
        int opened;
        Handle sibling = task.memoryFile(entry.getInodeId());
        if (sibling != null) {
            handle = open("/proc/self/fd/" + sibling.fd(), wanted);
            opened = wanted;
        } else if (object.isMade()) {
            task.after(object.maker());
            handle = open(object.path(task.process()), wanted);
            opened = wanted;
        } else {
            Handle made = make();
            if (FileFlags.access(wanted) == Files.O_RDWR) {
                handle = made;
                opened = Files.O_RDWR;
            } else {
                handle = open("/proc/self/fd/" + made.fd(), wanted);
                task.close(made);
                opened = wanted;
            }
        }
        task.bind(id, handle);
        task.memoryFile(entry.getInodeId(), handle);
        if (entry.getPos() != 0) {
            task.block()
                    .call(SyscallNumber.LSEEK)
                    .value(handle.fd())
                    .value(entry.getPos())
                    .value(0)
                    .expect(entry.getPos());
        }
        FileFlags.settle(task, handle.fd(), opened, entry.getFlags(), entry.getFown());
    }

    private Handle open(String name, int flags) {
        ProgramBuilder block = task.nextBlock();
        int path = block.string(name);
        block.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(flags)
                .value(0);
        return task.expectOpened(task.targetClosesOnExec());
    }

    private Handle make() {
        boolean sealable = inode.getSeals() != MemFd.SEAL_SEAL;
        int close = task.targetClosesOnExec() ? 1 : 0;
        ProgramBuilder block = task.nextBlock();
        int name = block.string(inode.getName());
        block.call(SyscallNumber.MEMFD_CREATE).data(name).value(close | (sealable ? MemFd.MFD_ALLOW_SEALING : 0));
        Handle handle = task.expectOpened(task.targetClosesOnExec());
        PagemapImage pagemap = object.pagemap();
        if (pagemap != null) {
            pagemap.layers().forEach(layer -> fill(handle, layer));
        }
        block = task.nextBlock();
        block.call(SyscallNumber.FTRUNCATE).value(handle.fd()).value(inode.getSize());
        // What is written moves the position; and what is read from pages is whole pages.
        block.call(SyscallNumber.LSEEK).value(handle.fd()).value(0).value(0).expect(0);
        CredsEntry own = task.process().own().credentials();
        int user = task.process().namespaces().workingIds().userOutside(inode.getUid());
        int group = task.process().namespaces().workingIds().groupOutside(inode.getGid());
        if (user != own.getFsuid() || group != own.getFsgid()) {
            block.call(SyscallNumber.FCHOWN).value(handle.fd()).value(user).value(group);
        }
        if (inode.hasMode() && (inode.getMode() & PERMISSIONS) != DEFAULT_PERMISSIONS) {
            block.call(SyscallNumber.FCHMOD).value(handle.fd()).value(inode.getMode() & PERMISSIONS);
        }
        if (sealable && inode.getSeals() != 0) {
            block.call(SyscallNumber.FCNTL)
                    .value(handle.fd())
                    .value(MemFd.F_ADD_SEALS)
                    .value(inode.getSeals());
        }
        return handle;
    }

    private void fill(Handle handle, PagemapImage.Layer layer) {
        ProgramBuilder block = task.nextBlock();
        int name = block.string(layer.pages());
        block.call(SyscallNumber.OPENAT)
                .value(task.process().imagesFd())
                .data(name)
                .value(Files.O_RDONLY | Files.O_CLOEXEC)
                .value(0);
        Handle pages = task.expectOpened(true);
        for (PagemapImage.Run run : layer.runs()) {
            for (long done = 0; done < run.size(); done += MOST_BYTES) {
                long length = Math.min(MOST_BYTES, run.size() - done);
                block = task.nextBlock();
                block.call(SyscallNumber.LSEEK)
                        .value(handle.fd())
                        .value(run.vaddr() + done)
                        .value(0)
                        .expect(run.vaddr() + done);
                int from = block.longs(run.offset() + done);
                block.call(SyscallNumber.SENDFILE)
                        .value(handle.fd())
                        .value(pages.fd())
                        .data(from)
                        .value(length)
                        .expect(length);
            }
        }
        task.close(pages);
    }
}
