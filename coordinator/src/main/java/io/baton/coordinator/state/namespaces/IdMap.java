package io.baton.coordinator.state.namespaces;

import io.baton.mktree.image.proto.UidGidExtent;
import java.util.ArrayList;
import java.util.List;

/**
 * Which ids inside of a user namespace are which outside. Ids are unsigned 32 bits.
 *
 * @param extents as in {@code /proc/PID/uid_map}: first inside, first outside, count
 */
record IdMap(List<UidGidExtent> extents) {
    /** What the kernel says for an id it has no word for. */
    static final int OVERFLOW = 65534;
    /** No id. */
    static final int NONE = -1;

    /** Everybody is himself. */
    static final IdMap SAME = new IdMap(List.of(UidGidExtent.newBuilder()
            .setFirst(0)
            .setLowerFirst(0)
            .setCount(NONE)
            .build()));

    /** Of the text of {@code uid_map} or {@code gid_map}. */
    static IdMap parse(String text) {
        List<UidGidExtent> extents = new ArrayList<>();
        for (String line : text.lines().toList()) {
            String[] words = line.strip().split("\\s+");
            extents.add(UidGidExtent.newBuilder()
                    .setFirst(Integer.parseUnsignedInt(words[0]))
                    .setLowerFirst(Integer.parseUnsignedInt(words[1]))
                    .setCount(Integer.parseUnsignedInt(words[2]))
                    .build());
        }
        return new IdMap(extents);
    }

    /** What an id outside is inside, or {@link #NONE}. */
    int inward(int outside) {
        for (UidGidExtent extent : extents) {
            int offset = outside - extent.getLowerFirst();
            if (Integer.compareUnsigned(offset, extent.getCount()) < 0) {
                return extent.getFirst() + offset;
            }
        }
        return NONE;
    }

    /** What an id inside is outside, or {@link #NONE}. */
    int outward(int inside) {
        for (UidGidExtent extent : extents) {
            int offset = inside - extent.getFirst();
            if (Integer.compareUnsigned(offset, extent.getCount()) < 0) {
                return extent.getLowerFirst() + offset;
            }
        }
        return NONE;
    }

    /** As the kernel reads it. */
    String text() {
        StringBuilder text = new StringBuilder();
        for (UidGidExtent extent : extents) {
            text.append(Integer.toUnsignedString(extent.getFirst()))
                    .append(' ')
                    .append(Integer.toUnsignedString(extent.getLowerFirst()))
                    .append(' ')
                    .append(Integer.toUnsignedString(extent.getCount()))
                    .append('\n');
        }
        return text.toString();
    }
}
