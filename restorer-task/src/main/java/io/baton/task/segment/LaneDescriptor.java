package io.baton.task.segment;

/**
 * One of the batons that go round at the same time: in saved order there is only the first. Two cache lines each, in the
 * {@linkplain HeaderDescriptor#LANES_OFFSET header}.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-------------------------------+-------------------------------+ 0
 *  |       Published (futex)       |         Reader waits          |
 *  +-------------------------------+-------------------------------+ 128
 * </pre>
 */
public final class LaneDescriptor {
    public static final int LENGTH = 128;

    public static final int PUBLISHED_OFFSET = 0;
    public static final int READER_WAITS_OFFSET = 4;

    private LaneDescriptor() {}

    static int inSegment(final int lane) {
        return HeaderDescriptor.LANES_OFFSET + lane * LENGTH;
    }
}
