package io.baton.coordinator.regress;

import io.baton.task.segment.Segment;
import java.nio.charset.StandardCharsets;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/** The part of a lab's segment that data for system calls come from. Nothing is given back: a check is short. */
final class Arena {
    private static final int ALIGNMENT = 64;

    private final Segment segment;
    private final long base;
    private final int end;
    private int free;

    /**
     * A part of a segment.
     *
     * @param base address of the segment in the tasks
     * @param start offset of the part in the segment
     */
    Arena(Segment segment, long base, int start, int length) {
        this.segment = segment;
        this.base = base;
        this.free = start;
        this.end = start + length;
    }

    Data data(int length, int alignment) {
        int at = BitUtil.align(free, Math.max(alignment, ALIGNMENT));
        if (at + length > end) {
            throw new IllegalStateException("the arena is full: length=" + length);
        }
        free = at + length;
        return at(at, length);
    }

    Data at(int offset, int length) {
        return new Data(base + offset, new UnsafeBuffer(segment.buffer(), offset, length));
    }

    Data string(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return data(bytes.length + 1, 1).put(bytes);
    }
}
