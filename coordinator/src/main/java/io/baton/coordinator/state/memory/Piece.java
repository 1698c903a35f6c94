package io.baton.coordinator.state.memory;

import io.baton.mktree.image.proto.VmaEntry;

/**
 * Pages that follow one another, with their contents.
 *
 * @param start address of the first
 * @param end after the last
 * @param file that has the contents, relative to the image's directory
 * @param offset where in it
 * @param vma the mapping they belong to, or a larger one like it
 */
@SuppressWarnings("ReferenceEquality") // the very same entry, which saves comparing
record Piece(long start, long end, String file, long offset, VmaEntry vma) {
    Piece part(long from, long to) {
        return from == start && to == end ? this : new Piece(from, to, file, offset + from - start, vma);
    }

    Piece within(VmaEntry mapping) {
        return mapping == vma ? this : new Piece(start, end, file, offset, mapping);
    }

    /** Whether both have the same contents at the same addresses, where they are at the same addresses. */
    boolean agrees(Piece other) {
        return offset - start == other.offset - other.start && file.equals(other.file);
    }

    boolean precedes(Piece next) {
        return end == next.start && vma == next.vma && agrees(next);
    }
}
