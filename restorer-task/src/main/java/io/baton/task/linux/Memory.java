package io.baton.task.linux;

import com.sun.jna.Native;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A zeroed block of off-heap memory whose address can be given to the kernel. It lives until closed; not safe for use
 * by several threads while one of them closes it.
 */
public final class Memory implements AutoCloseable {
    private final UnsafeBuffer buffer;
    private long address;

    private Memory(final int length) {
        address = Native.malloc(length);
        if (address == 0) {
            throw new OutOfMemoryError("malloc failed: length=" + length);
        }
        buffer = new UnsafeBuffer(address, length);
        buffer.setMemory(0, length, (byte) 0);
    }

    /** Allocates zeroed memory, aligned to 16 bytes. */
    public static Memory allocate(final int length) {
        return new Memory(length);
    }

    /** A new C string, NUL included, in UTF-8. */
    public static Memory cString(final String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        final Memory memory = new Memory(bytes.length + 1);
        memory.buffer.putBytes(0, bytes);
        return memory;
    }

    /**
     * A view of memory that is already there; it does not own it.
     *
     * @param address of the first byte; must stay mapped while the view is used.
     */
    public static UnsafeBuffer wrap(final long address, final int length) {
        return new UnsafeBuffer(address, length);
    }

    /** The bytes at an offset up to the first NUL, at most {@code limit} of them, as UTF-8. */
    public static String readCString(final UnsafeBuffer buffer, final int offset, final int limit) {
        int length = 0;
        while (length < limit && buffer.getByte(offset + length) != 0) {
            length++;
        }
        return readString(buffer, offset, length);
    }

    /** So many bytes as UTF-8. */
    public static String readString(final UnsafeBuffer buffer, final int offset, final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Address of the first byte. */
    public long address() {
        return address;
    }

    /** Length in bytes. */
    public int length() {
        return buffer.capacity();
    }

    /** The memory as a buffer; not to be used after {@link #close}. */
    public UnsafeBuffer buffer() {
        return buffer;
    }

    @Override
    public void close() {
        if (address != 0) {
            Native.free(address);
            address = 0;
            buffer.wrap(0, 0);
        }
    }
}
