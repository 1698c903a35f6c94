package io.baton.task.linux;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Memory of the calling thread for the arguments of one system call, so that calls allocate nothing. What is in it
 * lasts until the thread's next call through this package.
 *
 * <pre>
 *     0     path                 4096 bytes
 *  4096     second path          4096 bytes
 *  8192     structures           8192 bytes
 * </pre>
 */
final class Scratch {
    static final int PATH_LENGTH = 4096;
    static final int STRUCTURE_LENGTH = 8192;

    private static final int STRUCTURE_OFFSET = 2 * PATH_LENGTH;

    // Not a lambda: the first one in a JVM costs milliseconds.
    private static final ThreadLocal<Scratch> OF_THREAD = new ThreadLocal<>() {
        @Override
        protected Scratch initialValue() {
            return new Scratch();
        }
    };

    private final UnsafeBuffer paths;
    private final UnsafeBuffer structure;

    private Scratch() {
        // The thread's table of locals keeps this reachable during a call; it is freed with the thread.
        final ByteBuffer all = ByteBuffer.allocateDirect(STRUCTURE_OFFSET + STRUCTURE_LENGTH);
        paths = new UnsafeBuffer(all, 0, STRUCTURE_OFFSET);
        structure = new UnsafeBuffer(all, STRUCTURE_OFFSET, STRUCTURE_LENGTH);
    }

    static Scratch get() {
        return OF_THREAD.get();
    }

    /** Stores a path as a C string and gives its address. */
    long path(final String path) {
        return store(path, 0);
    }

    /** Stores a second path as a C string and gives its address. */
    long secondPath(final String path) {
        return store(path, PATH_LENGTH);
    }

    /** Memory for structures. */
    UnsafeBuffer structure() {
        return structure;
    }

    /** Address of the memory for structures. */
    long address() {
        return structure.addressOffset();
    }

    private long store(final String path, final int offset) {
        final int length = path.length();
        if (length >= PATH_LENGTH) {
            throw new LinuxException("path", Errno.ENAMETOOLONG, path);
        }
        for (int i = 0; i < length; i++) {
            final char c = path.charAt(i);
            if (c == 0 || c >= 0x80) {
                return storeEncoded(path, offset);
            }
            paths.putByte(offset + i, (byte) c);
        }
        paths.putByte(offset + length, (byte) 0);
        return paths.addressOffset() + offset;
    }

    private long storeEncoded(final String path, final int offset) {
        if (path.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("NUL in path: path=" + path);
        }
        final byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        if (bytes.length >= PATH_LENGTH) {
            throw new LinuxException("path", Errno.ENAMETOOLONG, path);
        }
        paths.putBytes(offset, bytes);
        paths.putByte(offset + bytes.length, (byte) 0);
        return paths.addressOffset() + offset;
    }
}
