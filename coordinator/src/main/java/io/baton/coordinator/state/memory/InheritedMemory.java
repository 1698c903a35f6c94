package io.baton.coordinator.state.memory;

import io.baton.mktree.image.proto.VmaEntry;
import io.baton.task.linux.Mapping;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is mapped in a task before it restores itself: by whoever made it, and by itself for those it makes. Never
 * changed; who forks hands on the same.
 *
 * @param mappings in ascending order; each stands for what is mapped at its addresses, with {@link #protection}
 * @param pieces that are in them, and no others
 */
record InheritedMemory(List<VmaEntry> mappings, List<Piece> pieces) {
    static final InheritedMemory NONE = new InheritedMemory(List.of(), List.of());

    /** Properties that a fork hands down, and that nothing can change afterwards. */
    private static final int FLAGS = MappingProgram.KNOWN_FLAGS;

    private static final long HUGE = 1L << VmaBits.MADV_HUGEPAGE | 1L << VmaBits.MADV_NOHUGEPAGE;

    /** Whether a mapping can be made before its process is restored. Locked memory would be copied when it is locked. */
    static boolean canBe(VmaEntry vma) {
        return MappingProgram.isMapped(vma)
                && VmaBits.has(vma.getStatus(), VmaBits.ANON_PRIVATE)
                && VmaBits.has(vma.getFlags(), VmaBits.MAP_ANONYMOUS)
                && !VmaBits.has(vma.getFlags(), VmaBits.MAP_DROPPABLE | VmaBits.MAP_LOCKED | VmaBits.MAP_HUGETLB);
    }

    /** Whether a mapping becomes another one by nothing but a change of protection and advice, and perhaps of length. */
    static boolean covers(VmaEntry outer, VmaEntry inner) {
        return outer.getStart() <= inner.getStart()
                && inner.getEnd() <= outer.getEnd()
                && canBe(inner)
                && (outer.getFlags() & FLAGS) == (inner.getFlags() & FLAGS)
                && (outer.getMadv() & HUGE) == (inner.getMadv() & HUGE);
    }

    /** With what protection a mapping is made: it is to be filled. */
    static int protection(VmaEntry vma) {
        return vma.getProt() | Mapping.PROT_WRITE;
    }

    /** Advice that matters while pages come. */
    static long advice(VmaEntry vma) {
        return vma.getMadv() & HUGE;
    }

    /** The mapping of which a saved one is to become, null if it must be made. */
    @Nullable
    VmaEntry of(VmaEntry vma) {
        int index = firstEndingAfter(vma.getStart());
        return index < mappings.size() && covers(mappings.get(index), vma) ? mappings.get(index) : null;
    }

    /** Whether something is mapped in a range. */
    boolean isTaken(long start, long end) {
        int index = firstEndingAfter(start);
        return index < mappings.size() && mappings.get(index).getStart() < end;
    }

    private int firstEndingAfter(long address) {
        int low = 0;
        int high = mappings.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (mappings.get(middle).getEnd() <= address) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The same and more; what is loaded replaces what was there. */
    InheritedMemory with(List<VmaEntry> newMappings, List<Piece> loaded) {
        List<VmaEntry> all = mappings;
        if (!newMappings.isEmpty()) {
            all = new ArrayList<>(mappings);
            all.addAll(newMappings);
            all.sort((a, b) -> Long.compare(a.getStart(), b.getStart()));
        }
        return new InheritedMemory(all, Pieces.union(loaded, pieces));
    }
}
