package io.baton.mktree.image;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.baton.mktree.image.proto.IpcMsg;
import io.baton.mktree.image.proto.IpcMsgEntry;
import io.baton.mktree.image.proto.IpcSemEntry;
import io.baton.mktree.image.proto.IpcShmEntry;
import io.baton.mktree.image.proto.TcpStreamEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * Shows an image file as {@code crit decode} does: the name of the magic, then each entry with the fields that are set,
 * in the order of their numbers; enums by name, bytes in base64, a payload as {@code extra}.
 */
public final class ImageJson {
    /** Bytes to a line of base64, and lines to a step: a payload may be larger than memory. */
    private static final int LINE = 57;

    private static final int STEP = 1024 * LINE;
    private static final Base64.Encoder BASE64 =
            Base64.getMimeEncoder(LINE / 3 * 4, "\n".getBytes(StandardCharsets.ISO_8859_1));

    private final ImageReader reader;
    private final JsonWriter json;

    private ImageJson(ImageReader reader, JsonWriter json) {
        this.reader = reader;
        this.json = json;
    }

    /**
     * Writes a file as JSON.
     *
     * @param file named as CRIU names it, which tells its kind
     * @param out  gets ASCII, without a line end after the last bracket
     * @throws ImageException if the file is none of an image, or damaged; {@code out} then has a part
     */
    public static void decode(Path file, Appendable out) throws IOException {
        ImageName name = ImageKind.parse(file.getFileName().toString());
        if (name == null) {
            throw new ImageException(file, 0, "not named as any image file that holds entries");
        }
        try (ImageReader reader = ImageReader.open(file, name.kind())) {
            new ImageJson(reader, new JsonWriter(out)).file();
        }
    }

    private void file() throws IOException {
        json.begin('{').name("magic").string(reader.kind().magicName());
        json.name("entries").begin('[');
        for (ImageEntry entry = reader.next(); entry != null; entry = reader.next()) {
            json.begin('{');
            fields(entry.message());
            extra(entry);
            json.end('}');
        }
        json.end(']').end('}');
    }

    private void fields(Message message) throws IOException {
        for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
            json.name(field.getKey().getName());
            if (field.getKey().isRepeated()) {
                json.begin('[');
                for (Object value : (List<?>) field.getValue()) {
                    value(field.getKey(), value);
                }
                json.end(']');
            } else {
                value(field.getKey(), field.getValue());
            }
        }
    }

    private void value(FieldDescriptor field, Object value) throws IOException {
        switch (field.getType()) {
            case MESSAGE -> {
                json.begin('{');
                fields((Message) value);
                json.end('}');
            }
            case ENUM -> json.string(((EnumValueDescriptor) value).getName());
            case STRING -> json.string((String) value);
            case BYTES ->
                json.beginString()
                        .part(base64(((ByteString) value).toByteArray()))
                        .endString();
            case UINT32 -> json.literal(Integer.toUnsignedString((Integer) value));
            case UINT64, FIXED64 -> json.literal(Long.toUnsignedString((Long) value));
            default -> json.literal(value);
        }
    }

    private void extra(ImageEntry entry) throws IOException {
        ImageKind kind = reader.kind();
        if (!ImagePayload.follows(kind, entry.message())) {
            return;
        }
        json.name("extra");
        switch (kind) {
            case TCP_STREAM -> {
                long received = ImagePayload.unsigned(((TcpStreamEntry) entry.message()).getInqLen());
                json.begin('{').name("inq");
                bytes(entry, 0, received);
                json.name("outq");
                bytes(entry, received, entry.payloadSize() - received);
                json.end('}');
            }
            case IPCNS_SEM -> semaphores(entry);
            case IPCNS_MSG -> messages(entry);
            case IPCNS_SHM -> bytes(entry, 0, ((IpcShmEntry) entry.message()).getSize());
            default -> bytes(entry, 0, entry.payloadSize());
        }
    }

    private void semaphores(ImageEntry entry) throws IOException {
        ByteBuffer values = reader.payload(entry).order(ByteOrder.LITTLE_ENDIAN);
        json.begin('[');
        for (long i = ImagePayload.unsigned(((IpcSemEntry) entry.message()).getNsems()); i > 0; i--) {
            json.literal(Short.toUnsignedInt(values.getShort()));
        }
        json.end(']');
    }

    private void messages(ImageEntry entry) throws IOException {
        json.begin('[');
        long at = entry.payloadOffset();
        for (long i = ImagePayload.unsigned(((IpcMsgEntry) entry.message()).getQnum()); i > 0; i--) {
            IpcMsg message = (IpcMsg) reader.message(at, IpcMsg.getDefaultInstance());
            json.begin('{');
            fields(message);
            json.end('}');
            long data = reader.afterMessage(at);
            long size = ImagePayload.unsigned(message.getMsize());
            bytes(entry, data - entry.payloadOffset(), size);
            at = data + ImagePayload.padded(size, 8);
        }
        json.end(']');
    }

    private void bytes(ImageEntry entry, long from, long length) throws IOException {
        json.beginString();
        ByteBuffer step = ByteBuffer.allocate((int) Math.min(STEP, length));
        for (long done = 0; done < length; done += step.limit()) {
            step.clear().limit((int) Math.min(STEP, length - done));
            reader.payload(entry, from + done, step);
            json.part(base64(Arrays.copyOf(step.array(), step.limit())));
        }
        json.endString();
    }

    /** As Python's encodebytes: a line end after every 57 bytes and at the end, nothing for nothing. */
    private static String base64(byte[] bytes) {
        return bytes.length == 0 ? "" : BASE64.encodeToString(bytes) + "\n";
    }
}
