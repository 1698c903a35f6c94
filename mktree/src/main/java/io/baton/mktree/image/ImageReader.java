package io.baton.mktree.image;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.baton.mktree.image.proto.IpcMsgEntry;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads one image file, entry by entry. Trusts nothing in it: every length is held against what is left of the file
 * before it is used, so that a damaged or hostile file costs an {@link ImageException} and no memory.
 *
 * <p>Memory is bounded by the largest message; payloads stay in the file until {@link #payload} asks for them.
 */
public final class ImageReader implements Closeable {
    /** A message beyond this many bytes is not believed; an address space of a million mappings stays below. */
    static final int MAX_MESSAGE = 64 << 20;

    /** Files up to this size (bytes) are read, and compared with their checksum, as a whole. */
    static final int WHOLE_FILE = 1 << 20;

    private static final int WINDOW = 64 << 10;
    private static final int SIZE_WORD = 4;

    private final Path path;
    private final ImageKind kind;
    private final ImageFile file;
    private final long size;
    private byte[] window = new byte[0];
    private long windowStart;
    private int windowLength;
    private long position;
    private long index;

    private ImageReader(Path path, ImageKind kind, ImageFile file) {
        this.path = path;
        this.kind = kind;
        this.file = file;
        this.size = file.size();
    }

    /**
     * Opens a file and checks its magic.
     *
     * @throws ImageException if there is no such file, or it is none of that kind
     */
    public static ImageReader open(Path path, ImageKind kind) throws IOException {
        return open(path, kind, null);
    }

    /** Opens a file; one small enough to be held whole is first compared with {@code expected}, if that is given. */
    static ImageReader open(Path path, ImageKind kind, @Nullable FileChecksum expected) throws IOException {
        return of(ImageFile.open(path), path, kind, expected);
    }

    /** As {@link #open(Path, ImageKind, FileChecksum)}; null if there is no such file. */
    static @Nullable ImageReader openIfPresent(Path path, ImageKind kind, @Nullable FileChecksum expected)
            throws IOException {
        ImageFile file = ImageFile.openIfPresent(path);
        return file == null ? null : of(file, path, kind, expected);
    }

    private static ImageReader of(ImageFile file, Path path, ImageKind kind, @Nullable FileChecksum expected)
            throws IOException {
        try {
            ImageReader reader = new ImageReader(path, kind, file);
            reader.compare(expected);
            reader.readHeader();
            return reader;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private void compare(@Nullable FileChecksum expected) throws IOException {
        if (expected == null) {
            return;
        }
        expected.checkSize(path, size);
        if (size <= WHOLE_FILE) {
            load(0, (int) size);
            expected.check(path, ByteBuffer.wrap(window, 0, windowLength));
        }
    }

    private void readHeader() throws IOException {
        int header = kind.headerSize();
        require(0, header, "header");
        if (kind.commonMagic() != 0 && word(0) != kind.commonMagic()) {
            throw wrongMagic(0, kind.commonMagic());
        }
        if (word(header - 4) != kind.magic()) {
            throw wrongMagic(header - 4, kind.magic());
        }
        position = header;
    }

    private ImageException wrongMagic(int offset, int expected) throws IOException {
        String reason = "not a file of its kind: kind=" + kind + " magic=0x" + Integer.toHexString(word(offset))
                + " expected=0x" + Integer.toHexString(expected);
        return new ImageException(path, offset, reason);
    }

    /** {@return what the file holds} */
    public ImageKind kind() {
        return kind;
    }

    /** {@return length of the file in bytes when it was opened} */
    public long size() {
        return size;
    }

    /**
     * Reads on.
     *
     * @return the next entry, or null at the end of the file
     * @throws ImageException if the bytes are no entry of this kind
     */
    public @Nullable ImageEntry next() throws IOException {
        if (position == size) {
            return null;
        }
        long start = position;
        Message message = message(start, kind.prototype(index));
        long payload = afterMessage(start);
        long length = ImagePayload.declared(kind, message);
        if (length == ImagePayload.TO_END) {
            length = size - payload;
        } else if (length == ImagePayload.NESTED) {
            length = ImagePayload.messageQueue((IpcMsgEntry) message, this, payload);
        }
        require(payload, length, "payload");
        position = payload + length;
        index++;
        return new ImageEntry(message, start, payload, length);
    }

    /**
     * Copies bytes of an entry's payload.
     *
     * @param from   where in the payload to begin
     * @param target filled from its position to its limit
     */
    public void payload(ImageEntry entry, long from, ByteBuffer target) throws IOException {
        if (from < 0 || from > entry.payloadSize() - target.remaining()) {
            throw new IllegalArgumentException("beyond the payload: from=" + from + " length=" + target.remaining()
                    + " size=" + entry.payloadSize());
        }
        file.read(entry.payloadOffset() + from, target);
    }

    /**
     * Copies all of an entry's payload.
     *
     * @return all of an entry's payload
     * @throws ImageException if it is larger than a buffer can be
     */
    public ByteBuffer payload(ImageEntry entry) throws IOException {
        if (entry.payloadSize() > Integer.MAX_VALUE - 16) {
            throw new ImageException(path, entry.payloadOffset(), "payload too large: size=" + entry.payloadSize());
        }
        ByteBuffer target = ByteBuffer.allocate((int) entry.payloadSize());
        payload(entry, 0, target);
        return target.flip();
    }

    /** The message whose size word lies at {@code start}. */
    Message message(long start, Message prototype) throws IOException {
        long length = messageSize(start);
        long body = start + SIZE_WORD;
        load(body, (int) length);
        try {
            return prototype.getParserForType().parseFrom(window, (int) (body - windowStart), (int) length);
        } catch (InvalidProtocolBufferException e) {
            String name = prototype.getClass().getSimpleName();
            throw new ImageException(path, start, "not a " + name + ": " + e.getMessage(), e);
        }
    }

    /** Offset of the byte after the message whose size word lies at {@code start}. */
    long afterMessage(long start) throws IOException {
        return start + SIZE_WORD + messageSize(start);
    }

    private long messageSize(long start) throws IOException {
        require(start, SIZE_WORD, "size of an entry");
        long length = Integer.toUnsignedLong(word(start));
        require(start + SIZE_WORD, length, "entry");
        if (length > MAX_MESSAGE) {
            throw new ImageException(path, start, "entry too large: size=" + length + " limit=" + MAX_MESSAGE);
        }
        return length;
    }

    /** Throws unless {@code length} bytes lie between {@code offset} and the end of the file. */
    void require(long offset, long length, String what) throws ImageException {
        if (length < 0 || length > size - offset) {
            throw new ImageException(
                    path,
                    offset,
                    what + " reaches beyond the end of the file: size=" + Long.toUnsignedString(length) + " left="
                            + (size - offset));
        }
    }

    private int word(long offset) throws IOException {
        load(offset, SIZE_WORD);
        return ByteBuffer.wrap(window).order(ByteOrder.LITTLE_ENDIAN).getInt((int) (offset - windowStart));
    }

    /** Brings {@code length} bytes from {@code offset} into the window; both have been checked. */
    private void load(long offset, int length) throws IOException {
        if (offset >= windowStart && offset + length <= windowStart + windowLength) {
            return;
        }
        long left = size - offset;
        int wanted = (int) (size <= WHOLE_FILE ? left : Math.min(left, Math.max(length, WINDOW)));
        if (window.length < wanted) {
            window = new byte[wanted];
        }
        windowStart = offset;
        windowLength = 0;
        file.read(offset, ByteBuffer.wrap(window, 0, wanted));
        windowLength = wanted;
    }

    @Override
    public void close() {
        file.close();
    }
}
