package io.baton.coordinator.state.memory;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;

/**
 * Huge pages of hugetlbfs: their size is told to mmap(2) and memfd_create(2) by the same six bits, its logarithm. Files of them can be
 * mapped and read, but not written.
 */
final class HugePages {
    /** Bits of mmap's flags that say so and how large; CRIU writes the same. */
    static final int FLAGS = VmaBits.MAP_HUGETLB | 0x3f << 26;

    /** Of memfd_create(2): MFD_HUGETLB and the size. */
    static final int MEMORY_FILE_FLAGS = 4 | 0x3f << 26;

    private static final int SIZE_SHIFT = 26;
    private static final int MFD_HUGETLB = 4;
    private static final long MAGIC = 0x958458f6L;
    private static final int STATFS_LENGTH = 120;
    private static final int BLOCK_OFFSET = 8;

    private HugePages() {}

    /** What to tell mmap to get pages like those of a mapping. */
    static int mapFlags(SeizedProcess process, ProcMap map) {
        return VmaBits.MAP_HUGETLB | sizeBits(process.procPath("map_files/" + map.mapFile()));
    }

    /** What to tell memfd_create to get a file like the one with that path. */
    static int memoryFileFlags(String path) {
        return MFD_HUGETLB | sizeBits(path);
    }

    private static int sizeBits(String file) {
        return Long.numberOfTrailingZeros(fileSystem(file, BLOCK_OFFSET)) << SIZE_SHIFT;
    }

    /** Whether an open file is of huge pages. */
    static boolean isOn(int fd) {
        return (fileSystem("/proc/self/fd/" + fd, 0) & 0xffff_ffffL) == MAGIC;
    }

    private static long fileSystem(String file, int field) {
        try (Memory path = Memory.cString(file);
                Memory result = Memory.allocate(STATFS_LENGTH)) {
            long error = SystemCall.call(SyscallNumber.STATFS, path.address(), result.address());
            SystemCall.check(error, SyscallNumber.STATFS, file);
            return result.buffer().getLong(field);
        }
    }

    static boolean are(VmaEntry vma) {
        return VmaBits.has(vma.getFlags(), VmaBits.MAP_HUGETLB);
    }
}
