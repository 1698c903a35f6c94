package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.nio.charset.StandardCharsets;

/**
 * Attaches System V shared memory. The first process in PID-array order that has a segment makes it, under its number,
 * fills it and gives it its owner; others find it by that number. What was removed already is removed when all have it.
 */
final class SystemVProgram {
    private static final String NEXT_ID = "/proc/sys/kernel/shm_next_id";
    private static final int IPC_CREAT_EXCL = 03000;
    private static final int SHM_RDONLY = 010000;
    private static final int SHM_EXEC = 0100000;
    private static final int REGISTER = 2;

    private final ProcessRestore process;
    private final ContextBuilder context;
    private final SystemVSegments segments;

    SystemVProgram(ProcessRestore process, ContextBuilder context) {
        this.process = process;
        this.context = context;
        segments = SystemVSegments.of(process);
    }

    void map(int index) {
        VmaEntry vma = process.mm().getVmas(index);
        SystemVSegment segment = segments.of(vma);
        if (!SystemVSegments.continues(process.mm(), index)) {
            int flags = (isWritable(vma) ? 0 : SHM_RDONLY) | ((vma.getProt() & Mapping.PROT_EXEC) != 0 ? SHM_EXEC : 0);
            if (!segment.isMade()) {
                make(index, segment);
            }
            attach(index, segment, flags);
        }
        // It is attached readable and writable as a whole, and may have been divided since.
        item(index)
                .call(SyscallNumber.MPROTECT)
                .value(vma.getStart())
                .value(vma.getEnd() - vma.getStart())
                .value(vma.getProt());
    }

    /** How a segment was attached is told by the flags of its mapping in an image of ours; in one of CRIU's by what it allows. */
    private static boolean isWritable(VmaEntry vma) {
        return vma.hasFdflags()
                ? (vma.getFdflags() & Files.O_ACCMODE) == Files.O_RDWR
                : (vma.getProt() & Mapping.PROT_WRITE) != 0;
    }

    private void make(int index, SystemVSegment segment) {
        ProgramBuilder block = item(index);
        if (!process.namespaces().makesIpc() && segment.look() == SystemVSegment.Found.LEFTOVER) {
            block.call(SyscallNumber.SHMCTL)
                    .value(segment.id())
                    .value(SystemVSegment.IPC_RMID)
                    .value(0);
        }
        String text = Integer.toString(segment.id());
        int path = block.string(NEXT_ID);
        int content = block.bytes(text.getBytes(StandardCharsets.US_ASCII));
        block.call(SyscallNumber.OPENAT)
                .value(Files.AT_FDCWD)
                .data(path)
                .value(Files.O_WRONLY)
                .value(0)
                .store(REGISTER);
        block.call(SyscallNumber.WRITE)
                .register(REGISTER)
                .data(content)
                .value(text.length())
                .expect(text.length());
        block.call(SyscallNumber.CLOSE).register(REGISTER);
        block.call(SyscallNumber.SHMGET)
                .value(segment.key())
                .value(segment.size())
                .value(IPC_CREAT_EXCL | segment.permissions())
                .expect(segment.id());
        segment.madeBy(process.pstree().getPid());
        PagemapImage pagemap = SystemVSegments.pagemap(process, segment);
        if (pagemap != null && !pagemap.runs().isEmpty()) {
            attach(index, segment, 0);
            PageProgram.compileShared(process, context, pagemap, index);
            item(index)
                    .call(SyscallNumber.SHMDT)
                    .value(process.mm().getVmas(index).getStart());
        }
        segment.settle(item(index));
    }

    private void attach(int index, SystemVSegment segment, int flags) {
        long address = process.mm().getVmas(index).getStart();
        item(index)
                .call(SyscallNumber.SHMAT)
                .value(segment.id())
                .value(address)
                .value(flags)
                .expect(address);
    }

    /** Removes what the process has made, and what was removed already. */
    static void remove(ProcessRestore process, ProgramBuilder kept) {
        for (SystemVSegment segment : SystemVSegments.of(process).all()) {
            if (segment.isRemoved() && segment.isMadeBy(process.pstree().getPid())) {
                kept.tag(Item.MAPPING.tag(0));
                kept.call(SyscallNumber.SHMCTL)
                        .value(segment.id())
                        .value(SystemVSegment.IPC_RMID)
                        .value(0);
            }
        }
    }

    private ProgramBuilder item(int index) {
        return context.item(Item.MAPPING.tag(index));
    }
}
