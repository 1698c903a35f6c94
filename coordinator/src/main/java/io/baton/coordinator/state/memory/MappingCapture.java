package io.baton.coordinator.state.memory;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.task.linux.Files;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.ProcSmap;

/** Turns mappings as {@code /proc} shows them into the entries of {@code mm-PID.img}, as CRIU 4.2 writes them. */
final class MappingCapture {
    private final SeizedProcess process;
    private final MappedFiles files;
    private final SharedMemoryCapture shared;
    private final MemoryFiles memoryFiles;
    private final MmEntry.Builder mm;

    MappingCapture(SeizedProcess process, TreeImage tree, MmEntry.Builder mm) {
        this.process = process;
        this.files = MappedFiles.of(tree);
        this.shared = SharedMemoryCapture.of(tree);
        this.memoryFiles = MemoryFiles.of(tree);
        this.mm = mm;
    }

    void capture(Iterable<ProcSmap> maps) {
        for (ProcSmap map : maps) {
            add(map);
        }
    }

    private void add(ProcSmap smap) {
        ProcMap map = smap.map();
        SpecialMapping special = SpecialMapping.of(map);
        int last = mm.getVmasCount() - 1;
        if (special == SpecialMapping.VVAR && last >= 0) {
            VmaEntry.Builder previous = mm.getVmasBuilder(last);
            if (VmaBits.has(previous.getStatus(), VmaBits.VVAR) && previous.getEnd() == map.start()) {
                previous.setEnd(map.end());
                return;
            }
        }
        VmaEntry.Builder vma = mm.addVmasBuilder()
                .setStart(map.start())
                .setEnd(map.end())
                .setProt(map.protection())
                .setFd(-1);
        long advice = VmFlags.advice(smap);
        if (advice != 0) {
            vma.setMadv(advice);
        }
        if (VmFlags.isLockedOnFault(smap)) {
            vma.setLockedOnFault(true);
        }
        if (VmFlags.isSealed(smap)) {
            vma.setSealed(true);
        }
        if (special == SpecialMapping.SHARED_ANONYMOUS && map.shared()) {
            vma.setPgoff(map.offset())
                    .setShmid(shared.save(process, map))
                    .setFlags(VmaBits.MAP_SHARED | VmaBits.MAP_ANONYMOUS | VmFlags.mapFlags(smap))
                    .setStatus(VmaBits.REGULAR | VmaBits.ANON_SHARED);
        } else if (special == SpecialMapping.SYSV) {
            vma.setPgoff(map.offset())
                    .setShmid(shared.save(process, map))
                    .setFlags(VmaBits.MAP_SHARED | VmaBits.MAP_ANONYMOUS | VmFlags.mapFlags(smap))
                    .setStatus(VmaBits.REGULAR | VmaBits.ANON_SHARED | VmaBits.SYSV_IPC)
                    .setFdflags(VmFlags.mayWrite(smap) ? Files.O_RDWR : Files.O_RDONLY);
        } else if (special == SpecialMapping.SOCKET) {
            file(vma, smap, VmaBits.SOCKET)
                    .setStatus(VmaBits.REGULAR | VmaBits.SOCKET)
                    .setShmid(map.inode()); // until its file has an id, see PacketRings
        } else if (map.isAnonymous() || (special == SpecialMapping.HUGETLB && !map.shared())) {
            anonymous(vma, smap, special);
        } else if (special == SpecialMapping.MEMFD
                || special == SpecialMapping.HUGETLB
                || special == SpecialMapping.SHARED_ANONYMOUS) {
            file(vma, smap, VmaBits.MEMFD).setShmid(memoryFiles.idOf(process, map));
        } else {
            file(vma, smap, 0).setShmid(files.idOf(process, map));
        }
        if (VmFlags.isHuge(smap)) {
            vma.setFlags(vma.getFlags() | HugePages.mapFlags(process, map));
        }
    }

    private static void anonymous(VmaEntry.Builder vma, ProcSmap smap, SpecialMapping special) {
        int type = VmFlags.isDroppable(smap) ? VmaBits.MAP_DROPPABLE : VmaBits.MAP_PRIVATE;
        vma.setPgoff(0)
                .setShmid(0)
                .setFlags(type | VmaBits.MAP_ANONYMOUS | VmFlags.mapFlags(smap))
                .setStatus(VmaBits.ANON_PRIVATE
                        | switch (special) {
                            case VSYSCALL -> VmaBits.VSYSCALL;
                            case VDSO -> VmaBits.REGULAR | VmaBits.VDSO;
                            case VVAR -> VmaBits.REGULAR | VmaBits.VVAR;
                            case HEAP -> VmaBits.REGULAR | VmaBits.HEAP;
                            default -> VmaBits.REGULAR;
                        });
    }

    private static VmaEntry.Builder file(VmaEntry.Builder vma, ProcSmap smap, int kind) {
        ProcMap map = smap.map();
        boolean shared = map.shared();
        // So that a mapping of a file opened for writing can be made writable later, as it could before.
        boolean writable = shared && VmFlags.mayWrite(smap);
        return vma.setPgoff(map.offset())
                .setFlags((shared ? VmaBits.MAP_SHARED : VmaBits.MAP_PRIVATE) | VmFlags.mapFlags(smap))
                .setStatus(VmaBits.REGULAR | kind | (shared ? VmaBits.FILE_SHARED : VmaBits.FILE_PRIVATE))
                .setFdflags(writable ? Files.O_RDWR : Files.O_RDONLY);
    }
}
