package io.baton.coordinator.state.memory;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.PagemapImage;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;

/** Holds the memory of one process in an image against what can be restored, before anything is created. */
final class MemoryValidation {
    private static final long PAGE_MASK = PagemapImage.PAGE_SIZE - 1;

    /** Kinds of mappings that are not restored yet, with their names. */
    private static final int UNSUPPORTED = VmaBits.AIO_RING | VmaBits.SHADOW_STACK;

    private final ProcessRestore process;
    private final MmEntry mm;
    private final Refusals refusals;
    private final FileValidation files;

    MemoryValidation(ProcessRestore process, Refusals refusals) {
        this.process = process;
        this.mm = process.mm();
        this.refusals = refusals;
        this.files = FileValidation.of(process);
    }

    void validate() {
        addresses();
        mm.getVmasList().forEach(this::mapping);
        SystemVSegments.of(process).validate(process, refusals);
        if (mm.getAiosCount() > 0) {
            refuse("asynchronous I/O contexts", "cannot be restored yet", "");
        }
        files.validate(process, mm.getExeFileId(), "executable", refusals);
        pages();
        Vdso.of(mm).validate(process, refusals);
    }

    private void addresses() {
        long free = 0;
        for (VmaEntry vma : mm.getVmasList()) {
            if (VmaBits.has(vma.getStatus(), VmaBits.VSYSCALL) && vma.getStart() < 0) {
                continue; // the same for all, beyond what a process can map
            }
            boolean guard = VmaBits.has(vma.getStatus(), VmaBits.GUARD);
            boolean sensible = ((vma.getStart() | vma.getEnd()) & PAGE_MASK) == 0
                    && vma.getStart() >= (guard ? 0 : free)
                    && vma.getEnd() > vma.getStart()
                    && vma.getEnd() <= AddressSpace.TASK_SIZE;
            if (!sensible) {
                throw damaged("mapping overlaps, is out of order or out of bounds: " + name(vma));
            }
            free = guard ? free : vma.getEnd();
        }
    }

    private void mapping(VmaEntry vma) {
        int status = vma.getStatus();
        if (PacketRings.is(vma)) {
            if (PacketRings.descriptor(process, vma) < 0) {
                throw damaged("ring of a packet socket that is not open: " + name(vma));
            }
            return;
        }
        if (!MappingProgram.isMapped(vma)) {
            return;
        }
        if ((vma.getMadv() & ~VmaBits.KNOWN_ADVICE) != 0) {
            throw damaged("advice of no known kind: " + name(vma) + " madv=0x" + Long.toHexString(vma.getMadv()));
        } else if (VmaBits.has(status, UNSUPPORTED)) {
            refuse(name(vma), "cannot be restored yet: " + kind(status), "");
        } else if (SystemVSegments.is(vma)) {
            return; // looked at by themselves
        } else if (SharedMemory.isShared(vma)) {
            shared(vma);
        } else if (VmaBits.has(status, VmaBits.FILE_PRIVATE | VmaBits.FILE_SHARED)) {
            if (VmaBits.has(vma.getFlags(), VmaBits.MAP_ANONYMOUS)) {
                throw damaged("mapping is of a file and anonymous: " + name(vma));
            }
            files.validate(process, (int) vma.getShmid(), name(vma), refusals);
        } else if (!VmaBits.has(status, VmaBits.ANON_PRIVATE) || !VmaBits.has(vma.getFlags(), VmaBits.MAP_ANONYMOUS)) {
            refuse(name(vma), "kind of mapping is not known: status=" + status, "");
        }
    }

    private static String kind(int status) {
        if (VmaBits.has(status, VmaBits.AIO_RING)) {
            return "asynchronous I/O context";
        }
        return "shadow stack";
    }

    private void shared(VmaEntry vma) {
        SharedObject object = SharedMemory.of(process).object(process, vma);
        if (HugePages.are(vma) && !object.isWholeIn(vma)) {
            refuse(name(vma), "is the first of huge pages that are shared, and not all of them", "");
        }
        PagemapImage pagemap = object.pagemap();
        if (pagemap == null) {
            return;
        }
        for (PagemapImage.Run run : pagemap) {
            if (run.vaddr() < 0 || run.vaddr() + run.size() < 0) {
                throw damaged("contents of shared memory are out of bounds: " + name(vma));
            }
            object.reach(run.vaddr() + run.size());
        }
    }

    /** All pages must have a private mapping to go to. */
    private void pages() {
        int index = 0;
        for (PagemapImage.Run run : process.pagemap()) {
            long end = run.vaddr() + run.size();
            for (long at = run.vaddr(); at < end; ) {
                while (index < mm.getVmasCount() && mm.getVmas(index).getEnd() <= at) {
                    index++;
                }
                if (index == mm.getVmasCount() || mm.getVmas(index).getStart() > at || !isPrivate(mm.getVmas(index))) {
                    throw damaged("pages without a private mapping: address=0x" + Long.toHexString(at));
                }
                at = Math.min(end, mm.getVmas(index).getEnd());
            }
        }
    }

    private static boolean isPrivate(VmaEntry vma) {
        return VmaBits.has(vma.getStatus(), VmaBits.REGULAR)
                && VmaBits.has(vma.getStatus(), VmaBits.ANON_PRIVATE | VmaBits.FILE_PRIVATE | UNSUPPORTED);
    }

    private static String name(VmaEntry vma) {
        return "mapping " + Long.toHexString(vma.getStart()) + "-" + Long.toHexString(vma.getEnd());
    }

    private void refuse(String object, String reason, String remedy) {
        refusals.add(process.pstree().getPid(), object, reason, remedy);
    }

    private BatonException damaged(String reason) {
        String message = "memory of pid " + process.pstree().getPid() + " in the image: " + reason;
        return new BatonException(ErrorCode.BAD_IMAGE, message, "use another image");
    }
}
