package io.baton.coordinator.state.memory;

import io.baton.task.linux.ProcSmap;

/** The two-letter flags of {@code /proc/PID/smaps}, turned into what mmap and madvise would be told. */
final class VmFlags {
    private static final String[] ADVICE_NAMES = {"rr", "sr", "dc", "mg", "hg", "nh", "dd", "wf"};
    private static final int[] ADVICE = {
        VmaBits.MADV_RANDOM,
        VmaBits.MADV_SEQUENTIAL,
        VmaBits.MADV_DONTFORK,
        VmaBits.MADV_MERGEABLE,
        VmaBits.MADV_HUGEPAGE,
        VmaBits.MADV_NOHUGEPAGE,
        VmaBits.MADV_DONTDUMP,
        VmaBits.MADV_WIPEONFORK
    };

    private VmFlags() {}

    /** Bits of {@code mmap(2)}'s flags besides the type of the mapping. */
    static int mapFlags(ProcSmap map) {
        int flags = map.has("gd") ? VmaBits.MAP_GROWSDOWN : 0;
        flags |= map.has("lo") ? VmaBits.MAP_LOCKED : 0;
        flags |= map.has("nr") ? VmaBits.MAP_NORESERVE : 0;
        return flags;
    }

    /** Bit n set means {@code madvise(n)}. */
    static long advice(ProcSmap map) {
        long bits = 0;
        for (int i = 0; i < ADVICE.length; i++) {
            if (map.has(ADVICE_NAMES[i])) {
                bits |= 1L << ADVICE[i];
            }
        }
        return bits;
    }

    /** Whether pages may vanish at any time (MAP_DROPPABLE), so that there is nothing to save. */
    static boolean isDroppable(ProcSmap map) {
        return map.has("dp");
    }

    /** Whether pages are locked when they are touched (MLOCK_ONFAULT). */
    static boolean isLockedOnFault(ProcSmap map) {
        return map.has("lf");
    }

    /** Whether it is of huge pages of hugetlbfs. */
    static boolean isHuge(ProcSmap map) {
        return map.has("ht");
    }

    /** Whether it may not be changed any more (mseal). */
    static boolean isSealed(ProcSmap map) {
        return map.has("sl");
    }

    /** Whether mprotect may add PROT_WRITE: of a shared mapping, whether its file was opened for writing. */
    static boolean mayWrite(ProcSmap map) {
        return map.has("mw");
    }
}
