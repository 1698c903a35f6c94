package io.baton.task.program;

/**
 * What an instruction is about, in 32 bits, so that a failure can name the thing and not only the call: the kind in the
 * upper 8 bits, a number of that kind's own choice in the lower 24 (a descriptor, an index, a signal).
 */
public final class ItemTag {
    public static final int NONE = 0;

    private static final int NUMBER_BITS = 24;
    private static final int NUMBER_MASK = (1 << NUMBER_BITS) - 1;

    private ItemTag() {}

    /** A tag; numbers past 24 bits are cut, for a tag only serves a message. */
    public static int of(final int kind, final int number) {
        return (kind << NUMBER_BITS) | (number & NUMBER_MASK);
    }

    public static int kind(final int tag) {
        return tag >>> NUMBER_BITS;
    }

    public static int number(final int tag) {
        return tag & NUMBER_MASK;
    }
}
