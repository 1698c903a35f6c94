package io.baton.coordinator.state.memory;

import io.baton.mktree.image.proto.VmaEntry;
import java.util.Map;
import java.util.TreeMap;

/** The widest of like mappings that several tasks have at the same place: all others can be made of them. */
@SuppressWarnings("ReferenceEquality") // the very same entry, which saves comparing
final class WidestMappings {
    private final TreeMap<Long, VmaEntry> byStart = new TreeMap<>();

    /** Takes one more; of those that exclude each other the first stays. */
    void add(VmaEntry vma) {
        if (of(vma) != vma) {
            return;
        }
        Map.Entry<Long, VmaEntry> next = byStart.ceilingEntry(vma.getStart());
        while (next != null && next.getValue().getStart() < vma.getEnd()) {
            if (!InheritedMemory.covers(vma, next.getValue())) {
                return;
            }
            next = byStart.higherEntry(next.getKey());
        }
        byStart.subMap(vma.getStart(), vma.getEnd()).clear();
        byStart.put(vma.getStart(), vma);
    }

    /** The widest that covers a mapping, which may be itself. */
    VmaEntry of(VmaEntry vma) {
        Map.Entry<Long, VmaEntry> before = byStart.floorEntry(vma.getStart());
        return before != null && InheritedMemory.covers(before.getValue(), vma) ? before.getValue() : vma;
    }
}
