package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.task.linux.SyscallNumber;

/** The mappings of a process among those that it has inherited. */
@SuppressWarnings("ReferenceEquality") // the very same entry, which saves comparing
final class Mappings {
    private Mappings() {}

    /** Index of the first mapping that does not lie wholly before an address; guard regions are none, and come last. */
    static int firstEndingAfter(MmEntry mm, long address) {
        int low = 0;
        int high = mm.getVmasCount();
        while (low < high) {
            int middle = (low + high) >>> 1;
            VmaEntry vma = mm.getVmas(middle);
            boolean before =
                    !VmaBits.has(vma.getStatus(), VmaBits.GUARD) && vma.getStart() >= 0 && vma.getEnd() <= address;
            if (before) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Unmaps all that has been inherited and is not to become one of the process's own mappings. */
    static void unmapOthers(MmEntry mm, InheritedMemory inherited, ContextBuilder context) {
        for (VmaEntry mapping : inherited.mappings()) {
            long at = mapping.getStart();
            for (int i = firstEndingAfter(mm, at); i < mm.getVmasCount() && at < mapping.getEnd(); i++) {
                VmaEntry own = mm.getVmas(i);
                if (own.getStart() < 0 || own.getStart() >= mapping.getEnd()) {
                    break;
                }
                if (inherited.of(own) == mapping) {
                    unmap(at, own.getStart(), context);
                    at = own.getEnd();
                }
            }
            unmap(at, mapping.getEnd(), context);
        }
    }

    private static void unmap(long start, long end, ContextBuilder context) {
        if (start < end) {
            context.item(Item.MEMORY_MAP.tag())
                    .call(SyscallNumber.MUNMAP)
                    .value(start)
                    .value(end - start);
        }
    }
}
