package io.baton.task.segment;

/** The version of everything in this package: the first words of the segment, checked by the helper before all else. */
public final class LayoutDescriptor {
    public static final int VERSION = 3;

    /** {@code "BTON\0SEG"}, read as a little-endian number. */
    public static final long MAGIC = 0x474553004e4f5442L;

    private LayoutDescriptor() {}
}
