package io.baton.mktree.image;

import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * An open file of an image. An image has several small ones for each task, so each is opened, read or written, and closed
 * by a system call each and nothing else: what {@code java.nio} does besides costs more than all of that.
 */
final class ImageFile implements Closeable {
    private static final int BUFFER = 64 << 10;
    private static final int PRIVATE_FILE = 0600;
    private static final int NEW = Files.O_WRONLY | Files.O_CREAT | Files.O_EXCL | Files.O_CLOEXEC;

    /** Where bytes of the heap pass through on their way. Freed with its thread. Not a lambda: see {@code Scratch}. */
    private static final ThreadLocal<Passage> PASSAGE = new ThreadLocal<>() {
        @Override
        protected Passage initialValue() {
            return new Passage();
        }
    };

    private final Path path;
    private final Fd fd;
    private final long size;

    /** Memory that the kernel can read and write. */
    private static final class Passage {
        final ByteBuffer bytes = ByteBuffer.allocateDirect(BUFFER);
        final long address = new UnsafeBuffer(bytes).addressOffset();
    }

    private ImageFile(Path path, Fd fd, long size) {
        this.path = path;
        this.fd = fd;
        this.size = size;
    }

    /**
     * Opens a file for reading.
     *
     * @throws ImageException if there is none, or it is no regular file
     */
    static ImageFile open(Path path) throws IOException {
        ImageFile file = openIfPresent(path);
        if (file == null) {
            throw missing(path);
        }
        return file;
    }

    /** As {@link #open}; null if there is none. */
    static @Nullable ImageFile openIfPresent(Path path) throws IOException {
        Fd fd;
        try {
            // Does not wait for whoever is to write into a pipe.
            fd = Files.open(path.toString(), Files.O_RDONLY | Files.O_CLOEXEC | Files.O_NONBLOCK);
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOENT) {
                return null;
            } else if (e.errno() == Errno.ENXIO) {
                throw notRegular(path);
            }
            throw failed(path, e);
        }
        try {
            FileStatus status = Files.status(fd.number());
            if (status.type() != FileStatus.S_IFREG) {
                throw notRegular(path);
            }
            return new ImageFile(path, fd, status.size());
        } catch (LinuxException | IOException e) {
            fd.close();
            throw e instanceof LinuxException linux ? failed(path, linux) : (IOException) e;
        }
    }

    /** Makes a new, empty, private file. What bore the name before is unlinked and not overwritten: it may have others. */
    static ImageFile create(Path path) throws IOException {
        try {
            String name = path.toString();
            try {
                return new ImageFile(path, Files.open(name, NEW, PRIVATE_FILE), 0);
            } catch (LinuxException e) {
                if (e.errno() != Errno.EEXIST) {
                    throw e;
                }
                Files.unlinkAt(Files.AT_FDCWD, name, 0);
                return new ImageFile(path, Files.open(name, NEW, PRIVATE_FILE), 0);
            }
        } catch (LinuxException e) {
            throw failed(path, e);
        }
    }

    /**
     * Size of a file that is not opened.
     *
     * @throws ImageException if there is none, or it is no regular file
     */
    static long sizeOf(Path path) throws IOException {
        try {
            FileStatus status = Files.statusAt(Files.AT_FDCWD, path.toString(), 0);
            if (status.type() != FileStatus.S_IFREG) {
                throw notRegular(path);
            }
            return status.size();
        } catch (LinuxException e) {
            throw e.errno() == Errno.ENOENT ? missing(path) : failed(path, e);
        }
    }

    /** {@return length in bytes when it was opened} */
    long size() {
        return size;
    }

    /**
     * Reads bytes from there on.
     *
     * @param target filled from its position to its limit
     * @throws ImageException if the file has become shorter
     */
    void read(long offset, ByteBuffer target) throws IOException {
        long at = offset;
        if (target.isDirect()) {
            long address = new UnsafeBuffer(target, 0, target.capacity()).addressOffset();
            while (target.hasRemaining()) {
                int count = read(at, address + target.position(), target.remaining());
                target.position(target.position() + count);
                at += count;
            }
            return;
        }
        Passage passage = PASSAGE.get();
        while (target.hasRemaining()) {
            int count = read(at, passage.address, Math.min(target.remaining(), BUFFER));
            target.put(passage.bytes.clear().limit(count));
            at += count;
        }
    }

    private int read(long at, long address, int length) throws IOException {
        try {
            int count = Files.pread(fd.number(), address, length, at);
            if (count == 0) {
                throw new ImageException(path, at, "file has become shorter: size=" + size);
            }
            return count;
        } catch (LinuxException e) {
            throw failed(path, e);
        }
    }

    /**
     * Appends bytes.
     *
     * @param bytes consumed
     */
    void write(ByteBuffer bytes) throws IOException {
        Passage passage = PASSAGE.get();
        while (bytes.hasRemaining()) {
            int length = Math.min(bytes.remaining(), BUFFER);
            passage.bytes.clear().put(bytes.slice(bytes.position(), length));
            bytes.position(bytes.position() + length);
            try {
                Files.writeFully(fd.number(), passage.address, length);
            } catch (LinuxException e) {
                throw failed(path, e);
            }
        }
    }

    boolean isOpen() {
        return fd.isOpen();
    }

    private static ImageException missing(Path path) {
        return new ImageException(
                path, 0, "missing: directory=" + path.toAbsolutePath().getParent());
    }

    private static ImageException notRegular(Path path) {
        return new ImageException(path, 0, "not a regular file");
    }

    private static IOException failed(Path path, LinuxException e) {
        IOException failure = e.errno() == Errno.EACCES || e.errno() == Errno.EPERM
                ? new AccessDeniedException(path.toString())
                : new FileSystemException(path.toString(), null, e.getMessage());
        failure.initCause(e);
        return failure;
    }

    @Override
    public void close() {
        fd.close();
    }
}
