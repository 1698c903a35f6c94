package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import org.jspecify.annotations.Nullable;

/**
 * The vDSO: code of the kernel in the process's address space, which the process may be in the middle of and which libc
 * has pointers into. It can only be put back where it was, and only if it is byte for byte the same.
 */
final class Vdso {
    private static final int ARCH_MAP_VDSO_64 = 0x2003;
    private static final String ELSEWHERE = "restore it under the kernel it was dumped under";

    private final @Nullable VmaEntry data;
    private final @Nullable VmaEntry code;

    private Vdso(@Nullable VmaEntry data, @Nullable VmaEntry code) {
        this.data = data;
        this.code = code;
    }

    static Vdso of(MmEntry mm) {
        VmaEntry data = null;
        VmaEntry code = null;
        for (VmaEntry vma : mm.getVmasList()) {
            if (VmaBits.has(vma.getStatus(), VmaBits.VVAR)) {
                data = vma;
            } else if (VmaBits.has(vma.getStatus(), VmaBits.VDSO)) {
                code = vma;
            }
        }
        return new Vdso(data, code);
    }

    void validate(ProcessRestore process, Refusals refusals) {
        if (code == null && data == null) {
            return;
        }
        OwnVdso own = OwnVdso.get();
        String fault = null;
        if (data != null && length(data) != own.dataLength()) {
            fault = "its data has another size than this kernel's: size=" + length(data) + " own=" + own.dataLength();
        } else if (data != null && code != null && data.getEnd() != code.getStart()) {
            fault = "its code does not follow its data";
        } else if (code != null && length(code) != own.codeLength()) {
            fault = "it has another size than this kernel's: size=" + length(code) + " own=" + own.codeLength();
        } else if (code != null
                && !process.shared(Comparison.class, Comparison::new).same(process.pagemap(), code, own)) {
            fault = "its code differs from this kernel's";
        }
        if (fault != null) {
            refusals.add(process.pstree().getPid(), "vDSO", fault, ELSEWHERE);
        }
    }

    /** Pages that the image does not have cannot differ. */
    private static boolean sameCode(PagemapImage pagemap, VmaEntry code, OwnVdso own) {
        try (Fd pages = Files.open(pagemap.pages().toString(), Files.O_RDONLY | Files.O_CLOEXEC);
                Memory found = Memory.allocate((int) own.codeLength())) {
            for (PagemapImage.Run run : pagemap) {
                long from = Math.max(run.vaddr(), code.getStart());
                long to = Math.min(run.vaddr() + run.size(), code.getEnd());
                if (from < to && run.present() && !run.elsewhere()) {
                    int offset = (int) (from - code.getStart());
                    int length = (int) (to - from);
                    int read = Files.pread(
                            pages.number(), found.address() + offset, length, run.offset() + from - run.vaddr());
                    if (read < length || differs(found, own, offset, length)) {
                        return false;
                    }
                }
            }
            return true;
        }
    }

    private static boolean differs(Memory found, OwnVdso own, int offset, int length) {
        for (int i = offset; i < offset + length; i += Long.BYTES) {
            if (found.buffer().getLong(i) != own.code().getLong(i)) {
                return true;
            }
        }
        return false;
    }

    /** One image is of one kernel, so that one look is enough. */
    private static final class Comparison {
        private @Nullable Boolean same;

        boolean same(PagemapImage pagemap, VmaEntry code, OwnVdso own) {
            if (same == null) {
                same = sameCode(pagemap, code, own);
            }
            return same;
        }
    }

    /**
     * Maps both, before anything else is mapped: the kernel takes the address as a wish only, and looks for another
     * place if it is taken. What the process had unmapped is unmapped again.
     */
    void compile(ContextBuilder context) {
        if (code == null && data == null) {
            return;
        }
        OwnVdso own = OwnVdso.get();
        long dataStart = data != null ? data.getStart() : start(code) - own.dataLength();
        long codeStart = dataStart + own.dataLength();
        ProgramBuilder block = context.item(Item.VDSO.tag());
        block.call(SyscallNumber.ARCH_PRCTL)
                .value(ARCH_MAP_VDSO_64)
                .value(dataStart)
                .expect(own.codeLength());
        if (code == null) {
            block.call(SyscallNumber.MUNMAP).value(codeStart).value(own.codeLength());
            return;
        }
        // The call does not tell where it mapped. This one changes nothing, and fails where nothing is mapped.
        block.call(SyscallNumber.MPROTECT)
                .value(codeStart)
                .value(own.codeLength())
                .value(Mapping.PROT_READ | Mapping.PROT_EXEC);
        if (data == null) {
            block.call(SyscallNumber.MUNMAP).value(dataStart).value(own.dataLength());
        }
    }

    private static long start(@Nullable VmaEntry vma) {
        return vma == null ? 0 : vma.getStart();
    }

    private static long length(VmaEntry vma) {
        return vma.getEnd() - vma.getStart();
    }
}
