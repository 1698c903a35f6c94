package io.baton.mktree.image;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Writes one image file, entry by entry, through a buffer, and computes its checksum on the way. The file is made anew,
 * readable by its owner alone: images hold the memory and the secrets of the processes dumped.
 */
public final class ImageWriter implements Closeable {
    private static final int BUFFER = 16 << 10;

    /** Not a lambda: see {@code Scratch}. */
    private static final ThreadLocal<ByteBuffer> OF_THREAD = new ThreadLocal<>() {
        @Override
        protected ByteBuffer initialValue() {
            return newBuffer();
        }
    };

    private final ImageKind kind;
    private final ImageFile file;
    private final FileChecksum.Builder checksum = new FileChecksum.Builder();
    private final Consumer<FileChecksum> whenClosed;
    private ByteBuffer buffer;
    private long index;
    /** Payload bytes the last entry has announced and that are still to come; negative if it cannot be known. */
    private long owed;

    private ImageWriter(ImageKind kind, ImageFile file, Consumer<FileChecksum> whenClosed, ByteBuffer buffer) {
        this.kind = kind;
        this.file = file;
        this.buffer = buffer;
        this.whenClosed = whenClosed;
        if (kind.commonMagic() != 0) {
            buffer.putInt(kind.commonMagic());
        }
        buffer.putInt(kind.magic());
    }

    /** Makes the file, in place of one of that name. */
    public static ImageWriter create(Path path, ImageKind kind) throws IOException {
        return create(path, kind, checksum -> {});
    }

    static ImageWriter create(Path path, ImageKind kind, Consumer<FileChecksum> whenClosed) throws IOException {
        return new ImageWriter(kind, ImageFile.create(path), whenClosed, newBuffer());
    }

    /** As {@link #create}, with the buffer of the calling thread: for one file after the other. */
    static ImageWriter createAlone(Path path, ImageKind kind, Consumer<FileChecksum> whenClosed) throws IOException {
        return new ImageWriter(
                kind, ImageFile.create(path), whenClosed, OF_THREAD.get().clear());
    }

    private static ByteBuffer newBuffer() {
        return ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Adds an entry. If it announces a payload, that must follow by {@link #payload}. */
    public void write(Message entry) throws IOException {
        if (kind.prototype(index).getClass() != entry.getClass()) {
            throw new IllegalArgumentException("not the message of that place: kind=" + kind + " index=" + index
                    + " message=" + entry.getClass().getSimpleName());
        }
        endEntry();
        int size = entry.getSerializedSize();
        room(Integer.BYTES + size);
        buffer.putInt(size);
        CodedOutputStream out = CodedOutputStream.newInstance(buffer.array(), buffer.position(), size);
        entry.writeTo(out);
        out.checkNoSpaceLeft();
        buffer.position(buffer.position() + size);
        owed = ImagePayload.declared(kind, entry);
        index++;
    }

    /** Adds an entry and all of its payload; padding is added here. */
    public void write(Message entry, ByteBuffer payload) throws IOException {
        write(entry);
        payload(payload);
    }

    /**
     * Adds raw bytes to the last entry's payload, in one or several calls. Missing padding is added at the end. The
     * payload of {@link ImageKind#IPCNS_MSG} is written as it stands in the file, with the messages in it.
     *
     * @param bytes consumed
     */
    public void payload(ByteBuffer bytes) throws IOException {
        if (owed >= 0 && bytes.remaining() > owed) {
            throw new IllegalArgumentException("more payload than the entry announced: kind=" + kind + " announced="
                    + owed + " given=" + bytes.remaining());
        }
        if (owed > 0) {
            owed -= bytes.remaining();
        }
        if (bytes.remaining() > buffer.remaining()) {
            flush();
        }
        if (bytes.remaining() > buffer.remaining()) {
            writeOut(bytes);
        } else {
            buffer.put(bytes);
        }
    }

    /** Pads the payload before it; up to 7 bytes may be owed, more means that the caller has forgotten some. */
    private void endEntry() throws IOException {
        int padding = kind == ImageKind.IPCNS_SEM ? 7 : kind == ImageKind.IPCNS_SHM ? 3 : 0;
        if (owed > padding) {
            throw new IllegalStateException("payload missing: kind=" + kind + " bytes=" + owed);
        }
        room(8);
        for (; owed > 0; owed--) {
            buffer.put((byte) 0);
        }
    }

    private void room(int size) throws IOException {
        if (size > buffer.remaining()) {
            flush();
        }
        if (size > buffer.capacity()) {
            buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    private void flush() throws IOException {
        writeOut(buffer.flip());
        buffer.clear();
    }

    private void writeOut(ByteBuffer bytes) throws IOException {
        checksum.update(bytes.duplicate());
        file.write(bytes);
    }

    /** Writes what is buffered. A file whose last payload is incomplete stays as it is, and this throws. */
    @Override
    public void close() throws IOException {
        if (!file.isOpen()) {
            return;
        }
        try (file) {
            endEntry();
            flush();
        }
        whenClosed.accept(checksum.build());
    }
}
