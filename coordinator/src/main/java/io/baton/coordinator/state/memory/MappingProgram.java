package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Files;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.BitSet;

/**
 * Puts back the mappings of a process and what is in them. A mapping that gets pages is writable until it has them. All
 * mappings are made before the first page is read, so that one read can fill many.
 */
final class MappingProgram {
    /** What {@code mmap} may be told by an image; the address is always fixed, and nothing is ever replaced. */
    static final int KNOWN_FLAGS = VmaBits.MAP_SHARED
            | VmaBits.MAP_PRIVATE
            | VmaBits.MAP_DROPPABLE
            | VmaBits.MAP_ANONYMOUS
            | VmaBits.MAP_GROWSDOWN
            | VmaBits.MAP_LOCKED
            | VmaBits.MAP_NORESERVE
            | HugePages.FLAGS;

    /** Hints that a kernel may be built without: it then says EINVAL. */
    private static final long HINTS =
            1L << VmaBits.MADV_MERGEABLE | 1L << VmaBits.MADV_HUGEPAGE | 1L << VmaBits.MADV_NOHUGEPAGE;

    private static final int MLOCK_ONFAULT = 1;

    private final ProcessRestore process;
    private final ContextBuilder context;
    private final OpenFile file;
    private final InheritedMemory inherited;
    private final MmEntry mm;

    MappingProgram(ProcessRestore process, ContextBuilder context, OpenFile file, InheritedMemory inherited) {
        this.process = process;
        this.context = context;
        this.file = file;
        this.inherited = inherited;
        this.mm = process.mm();
    }

    void compile() {
        BitSet filled = filled(mm, process.pagemap());
        SharedMemoryProgram shared = new SharedMemoryProgram(process, context, file);
        int count = mm.getVmasCount();
        for (int i = 0; i < count; i++) {
            VmaEntry vma = mm.getVmas(i);
            if (!isMapped(vma)) {
                continue;
            } else if (SystemVSegments.is(vma)) {
                new SystemVProgram(process, context).map(i);
            } else if (SharedMemory.isShared(vma)) {
                shared.map(i, filled.get(i));
            } else if (inherited.of(vma) == null) {
                map(i, filled.get(i));
            }
            if (vma.getLockedOnFault()) {
                lockOnFault(i);
            }
            // Before pages come: whether memory may be huge is decided when it is touched.
            for (long bits = vma.getMadv(); bits != 0; bits &= bits - 1) {
                advise(i, Long.numberOfTrailingZeros(bits));
            }
        }
        new OwnPages(process, context, inherited).compile();
        for (int i = 0; i < count; i++) {
            VmaEntry before = inherited.of(mm.getVmas(i));
            if (before != null) {
                protect(i, InheritedMemory.protection(before));
            } else if (filled.get(i)) {
                protect(i, mm.getVmas(i).getProt() | Mapping.PROT_WRITE);
            }
        }
        for (int i = 0; i < count; i++) {
            if (VmaBits.has(mm.getVmas(i).getStatus(), VmaBits.GUARD)) {
                advise(i, VmaBits.MADV_GUARD_INSTALL);
            }
        }
        for (int i = 0; i < count; i++) { // nothing can be done to them afterwards
            if (mm.getVmas(i).getSealed() && isMapped(mm.getVmas(i))) {
                range(i, SyscallNumber.MSEAL).value(0);
            }
        }
    }

    /** What mmap is told; who locks pages as they are touched does not have them all touched at once. */
    static int flags(VmaEntry vma) {
        return vma.getFlags() & KNOWN_FLAGS & ~(vma.getLockedOnFault() ? VmaBits.MAP_LOCKED : 0);
    }

    private void lockOnFault(int index) {
        if (VmaBits.has(mm.getVmas(index).getFlags(), VmaBits.MAP_LOCKED)) {
            range(index, SyscallNumber.MLOCK2).value(MLOCK_ONFAULT);
        }
    }

    /** A call about a mapping. */
    private ProgramBuilder range(int index, int call) {
        VmaEntry vma = mm.getVmas(index);
        return context.item(Item.MAPPING.tag(index))
                .call(call)
                .value(vma.getStart())
                .value(vma.getEnd() - vma.getStart());
    }

    /** Whether it is put back by mmap; vDSO and vsyscall page are not, guard regions are no mappings, sockets come later. */
    static boolean isMapped(VmaEntry vma) {
        return VmaBits.has(vma.getStatus(), VmaBits.REGULAR)
                && !VmaBits.has(
                        vma.getStatus(),
                        VmaBits.VDSO | VmaBits.VVAR | VmaBits.VSYSCALL | VmaBits.GUARD | VmaBits.SOCKET);
    }

    private void map(int index, boolean filled) {
        VmaEntry vma = mm.getVmas(index);
        int tag = Item.MAPPING.tag(index);
        boolean anonymous = VmaBits.has(vma.getFlags(), VmaBits.MAP_ANONYMOUS);
        if (!anonymous) {
            file.open((int) vma.getShmid(), accessMode(vma), tag);
        }
        ProgramBuilder block = context.item(tag);
        block.call(SyscallNumber.MMAP)
                .value(vma.getStart())
                .value(vma.getEnd() - vma.getStart())
                .value(filled ? vma.getProt() | Mapping.PROT_WRITE : vma.getProt())
                .value(flags(vma) | VmaBits.MAP_FIXED_NOREPLACE);
        if (anonymous) {
            block.value(-1).value(0);
        } else {
            block.register(OpenFile.REGISTER).value(vma.getPgoff());
        }
        block.expect(vma.getStart());
    }

    private static int accessMode(VmaEntry vma) {
        if (vma.hasFdflags()) {
            return vma.getFdflags() & Files.O_ACCMODE;
        }
        boolean written =
                VmaBits.has(vma.getStatus(), VmaBits.FILE_SHARED) && (vma.getProt() & Mapping.PROT_WRITE) != 0;
        return written ? Files.O_RDWR : Files.O_RDONLY;
    }

    private void advise(int index, int advice) {
        VmaEntry vma = mm.getVmas(index);
        ProgramBuilder block = context.item(Item.MAPPING.tag(index))
                .call(SyscallNumber.MADVISE)
                .value(vma.getStart())
                .value(vma.getEnd() - vma.getStart())
                .value(advice);
        if (advice < Long.SIZE && (HINTS & 1L << advice) != 0) {
            block.orErrno(Errno.EINVAL);
        }
    }

    private void protect(int index, int protection) {
        VmaEntry vma = mm.getVmas(index);
        if (vma.getProt() != protection) {
            context.item(Item.MAPPING.tag(index))
                    .call(SyscallNumber.MPROTECT)
                    .value(vma.getStart())
                    .value(vma.getEnd() - vma.getStart())
                    .value(vma.getProt());
        }
    }

    /** Which mappings get pages from the image. */
    private static BitSet filled(MmEntry mm, PagemapImage pagemap) {
        BitSet filled = new BitSet(mm.getVmasCount());
        int index = 0;
        for (PagemapImage.Run run : pagemap) {
            long end = run.vaddr() + run.size();
            while (index < mm.getVmasCount() && mm.getVmas(index).getEnd() <= run.vaddr()) {
                index++;
            }
            for (int i = index; i < mm.getVmasCount() && mm.getVmas(i).getStart() < end; i++) {
                if (isMapped(mm.getVmas(i))) {
                    filled.set(i);
                }
            }
        }
        return filled;
    }
}
