package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.MemfdInodeEntry;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.MemFd;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import org.jspecify.annotations.Nullable;

/** Makes and maps the shared memory of one process. */
final class SharedMemoryProgram {
    /** Hold a memory file and the pages file while the one is filled from the other. */
    private static final int MEMORY_REGISTER = 2;

    private static final int PAGES_REGISTER = 1;

    private static final int MFD_HUGETLB = 4;
    private static final int PERMISSIONS = 07777;
    /** Of a memory file that has just been made. */
    private static final int DEFAULT_PERMISSIONS = 0777;

    private static final long MOST_BYTES = 256L << 20;

    private final ProcessRestore process;
    private final ContextBuilder context;
    private final OpenFile file;
    private final SharedMemory memory;

    SharedMemoryProgram(ProcessRestore process, ContextBuilder context, OpenFile file) {
        this.process = process;
        this.context = context;
        this.file = file;
        this.memory = SharedMemory.of(process);
    }

    /**
     * Makes a mapping, and what it is of.
     *
     * @param filled whether it is a private one that gets pages of its own
     */
    void map(int index, boolean filled) {
        VmaEntry vma = process.mm().getVmas(index);
        SharedObject object = memory.object(process, vma);
        boolean isPrivate = VmaBits.has(vma.getFlags(), VmaBits.MAP_PRIVATE);
        int protection = filled ? vma.getProt() | Mapping.PROT_WRITE : vma.getProt();
        if (object.isMade()) {
            item(index);
            context.after(object.maker());
            int mode = isPrivate ? Files.O_RDONLY : Files.O_RDWR;
            file.open(object.path(process, index), mode, Item.MAPPING.tag(index));
            map(index, OpenFile.REGISTER, protection);
            return;
        }
        boolean whole = vma.getPgoff() == 0 && vma.getEnd() - vma.getStart() == object.size();
        if (HugePages.are(vma)) {
            makeHuge(index, object, protection);
        } else if (whole && !isPrivate && object.file() == null) {
            makeAnonymous(index, object.pagemap());
        } else {
            makeFile(index, object, protection);
        }
        object.madeBy(process, index);
    }

    /** Shared anonymous memory is as large as its first mapping: this one. */
    private void makeAnonymous(int index, @Nullable PagemapImage pagemap) {
        VmaEntry vma = process.mm().getVmas(index);
        if (pagemap == null || pagemap.runs().isEmpty()) {
            map(index, -1, vma.getProt());
            return;
        }
        map(index, -1, vma.getProt() | Mapping.PROT_WRITE);
        PageProgram.compileShared(process, context, pagemap, index);
        if ((vma.getProt() & Mapping.PROT_WRITE) == 0) {
            item(index)
                    .call(SyscallNumber.MPROTECT)
                    .value(vma.getStart())
                    .value(vma.getEnd() - vma.getStart())
                    .value(vma.getProt());
        }
    }

    /** The object is larger than what the process has mapped of it, or has a name. */
    private void makeFile(int index, SharedObject object, int protection) {
        MemfdInodeEntry file = object.file();
        int seals = file == null ? MemFd.SEAL_SEAL : file.getSeals();
        ProgramBuilder block = item(index);
        block.call(SyscallNumber.MEMFD_CREATE)
                .data(block.string(object.name()))
                .value(seals == MemFd.SEAL_SEAL ? 0 : MemFd.MFD_ALLOW_SEALING)
                .store(MEMORY_REGISTER);
        PagemapImage pagemap = object.pagemap();
        if (pagemap != null) {
            pagemap.layers().forEach(layer -> fill(index, layer));
        }
        // Then, because the image has whole pages.
        item(index).call(SyscallNumber.FTRUNCATE).register(MEMORY_REGISTER).value(object.size());
        map(index, MEMORY_REGISTER, protection);
        if (file != null) {
            settle(index, file, seals);
        }
        item(index).call(SyscallNumber.CLOSE).register(MEMORY_REGISTER);
    }

    /** Such a file can be written only where it is mapped, which it is as a whole, to be mapped as it should be afterwards. */
    private void makeHuge(int index, SharedObject object, int protection) {
        VmaEntry vma = process.mm().getVmas(index);
        MemfdInodeEntry file = object.file();
        int seals = file == null ? MemFd.SEAL_SEAL : file.getSeals();
        int size = vma.getFlags() & HugePages.MEMORY_FILE_FLAGS & ~MemFd.MFD_ALLOW_SEALING;
        ProgramBuilder block = item(index);
        block.call(SyscallNumber.MEMFD_CREATE)
                .data(block.string(object.name()))
                .value(MFD_HUGETLB | size | (seals == MemFd.SEAL_SEAL ? 0 : MemFd.MFD_ALLOW_SEALING))
                .store(MEMORY_REGISTER);
        block.call(SyscallNumber.FTRUNCATE).register(MEMORY_REGISTER).value(object.size());
        PagemapImage pagemap = object.pagemap();
        if (pagemap != null && !pagemap.runs().isEmpty()) {
            long length = vma.getEnd() - vma.getStart();
            item(index)
                    .call(SyscallNumber.MMAP)
                    .value(vma.getStart())
                    .value(length)
                    .value(Mapping.PROT_READ | Mapping.PROT_WRITE)
                    .value(VmaBits.MAP_SHARED | VmaBits.MAP_FIXED_NOREPLACE)
                    .register(MEMORY_REGISTER)
                    .value(0)
                    .expect(vma.getStart());
            PageProgram.compileShared(process, context, pagemap, index);
            item(index).call(SyscallNumber.MUNMAP).value(vma.getStart()).value(length);
        }
        map(index, MEMORY_REGISTER, protection);
        if (file != null) {
            settle(index, file, seals);
        }
        item(index).call(SyscallNumber.CLOSE).register(MEMORY_REGISTER);
    }

    /** What would be in the way before. */
    private void settle(int index, MemfdInodeEntry file, int seals) {
        ProgramBuilder block = item(index);
        if (file.hasMode() && (file.getMode() & PERMISSIONS) != DEFAULT_PERMISSIONS) {
            block.call(SyscallNumber.FCHMOD).register(MEMORY_REGISTER).value(file.getMode() & PERMISSIONS);
        }
        if (seals != 0 && seals != MemFd.SEAL_SEAL) {
            block.call(SyscallNumber.FCNTL)
                    .register(MEMORY_REGISTER)
                    .value(MemFd.F_ADD_SEALS)
                    .value(seals);
        }
    }

    private void fill(int index, PagemapImage.Layer layer) {
        ProgramBuilder block = item(index);
        block.call(SyscallNumber.OPENAT)
                .value(process.imagesFd())
                .data(block.string(layer.pages()))
                .value(Files.O_RDONLY | Files.O_CLOEXEC)
                .value(0)
                .store(PAGES_REGISTER);
        for (PagemapImage.Run run : layer.runs()) {
            for (long done = 0; done < run.size(); done += MOST_BYTES) {
                long length = Math.min(MOST_BYTES, run.size() - done);
                ProgramBuilder part = item(index);
                part.call(SyscallNumber.LSEEK)
                        .register(MEMORY_REGISTER)
                        .value(run.vaddr() + done)
                        .value(0)
                        .expect(run.vaddr() + done);
                part.call(SyscallNumber.SENDFILE)
                        .register(MEMORY_REGISTER)
                        .register(PAGES_REGISTER)
                        .data(part.longs(run.offset() + done))
                        .value(length)
                        .expect(length);
            }
        }
        item(index).call(SyscallNumber.CLOSE).register(PAGES_REGISTER);
    }

    private void map(int index, int register, int protection) {
        VmaEntry vma = process.mm().getVmas(index);
        int flags = MappingProgram.flags(vma) & ~VmaBits.MAP_ANONYMOUS;
        ProgramBuilder block = item(index);
        block.call(SyscallNumber.MMAP)
                .value(vma.getStart())
                .value(vma.getEnd() - vma.getStart())
                .value(protection)
                .value(flags | VmaBits.MAP_FIXED_NOREPLACE | (register < 0 ? VmaBits.MAP_ANONYMOUS : 0));
        if (register < 0) {
            block.value(-1).value(0);
        } else {
            block.register(register).value(vma.getPgoff());
        }
        block.expect(vma.getStart());
    }

    private ProgramBuilder item(int index) {
        return context.item(Item.MAPPING.tag(index));
    }
}
