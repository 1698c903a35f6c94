package io.baton.coordinator.state.memory;

import io.baton.task.linux.ProcessMemory;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Memory through which pages go from a process to the image; freed by the collector. */
final class PageBuffer {
    /** So large that calls do not count, so small that what was read is still in the cache when it is written. */
    static final int LENGTH = 1 << 20;

    static final int VECTOR_LENGTH = 16;

    private final ByteBuffer bytes = ByteBuffer.allocateDirect(LENGTH);
    private final UnsafeBuffer vectors =
            new UnsafeBuffer(ByteBuffer.allocateDirect((ProcessMemory.IOV_MAX + 1) * VECTOR_LENGTH));
    private final long address = new UnsafeBuffer(bytes).addressOffset();

    /** Address of the contents. */
    long address() {
        return address;
    }

    /** The first bytes of the contents. */
    ByteBuffer bytes(int length) {
        return bytes.duplicate().limit(length);
    }

    /** Zeroes the bytes from one offset up to another. */
    void zero(int from, int to) {
        for (int i = from; i < to; i++) {
            bytes.put(i, (byte) 0);
        }
    }

    /** Address of a vector; the one at {@link ProcessMemory#IOV_MAX} is for our own side. */
    long vector(int index) {
        return vectors.addressOffset() + (long) index * VECTOR_LENGTH;
    }

    void setVector(int index, long base, long length) {
        vectors.putLong(index * VECTOR_LENGTH, base);
        vectors.putLong(index * VECTOR_LENGTH + Long.BYTES, length);
    }

    long vectorBase(int index) {
        return vectors.getLong(index * VECTOR_LENGTH);
    }

    long vectorLength(int index) {
        return vectors.getLong(index * VECTOR_LENGTH + Long.BYTES);
    }
}
