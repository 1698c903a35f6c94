package io.baton.coordinator.state.namespaces;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageEntry;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageReader;
import io.baton.mktree.image.ImageWriter;
import io.baton.mktree.image.proto.IpcMsg;
import io.baton.mktree.image.proto.IpcMsgEntry;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * System V message queues of the calling thread's ipc namespace. Messages are copied without being taken (MSG_COPY). In the image
 * a queue is followed by its messages: length and {@link IpcMsg}, then the text, padded to 8 bytes.
 */
final class IpcMessages {
    private static final String KIND = "msg";
    private static final int IPC_NOWAIT = 04000;
    private static final int MSG_COPY = 040000;
    private static final int ALIGNMENT = 8;
    /** {@code struct msqid64_ds}: description, times, bytes, messages, most bytes, last sender and receiver. */
    private static final int LENGTH = 120;

    private static final int BYTES_OFFSET = 72;
    private static final int COUNT_OFFSET = 80;
    private static final int MOST_BYTES_OFFSET = 88;

    private IpcMessages() {}

    private record Saved(IpcMsgEntry entry, ByteString messages) {}

    /**
     * Saves all queues.
     *
     * @param task in whose namespace they are
     */
    static void capture(int task, int id, UserIds users, ImageDirectory image) throws IOException {
        List<Saved> queues = Visit.of(task, Namespace.IPC, () -> read(users));
        try (ImageWriter writer = image.writer(ImageKind.IPCNS_MSG, id)) {
            for (Saved queue : queues) {
                writer.write(queue.entry(), queue.messages().asReadOnlyByteBuffer());
            }
        }
    }

    private static List<Saved> read(UserIds users) {
        List<Saved> queues = new ArrayList<>();
        for (int id : IpcDescription.ids(KIND)) {
            IpcDescription.with(KIND, id, LENGTH, memory -> {
                call(id, IpcDescription.IPC_STAT, memory);
                int count = (int) memory.buffer().getLong(COUNT_OFFSET);
                IpcMsgEntry entry = IpcMsgEntry.newBuilder()
                        .setDesc(IpcDescription.read(memory.buffer(), id, users))
                        .setQbytes((int) memory.buffer().getLong(MOST_BYTES_OFFSET))
                        .setQnum(count)
                        .build();
                queues.add(new Saved(
                        entry, messages(id, count, (int) memory.buffer().getLong(BYTES_OFFSET))));
            });
        }
        return queues;
    }

    /** No message is longer than all together. */
    private static ByteString messages(int id, int count, int longest) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        IpcDescription.with(KIND, id, Long.BYTES + longest, memory -> {
            for (int i = 0; i < count; i++) {
                int length = (int) SystemCall.check(
                        SystemCall.call(SyscallNumber.MSGRCV, id, memory.address(), longest, i, IPC_NOWAIT | MSG_COPY),
                        SyscallNumber.MSGRCV);
                append(memory.buffer(), length, out);
            }
        });
        return ByteString.copyFrom(out.toByteArray());
    }

    private static void append(UnsafeBuffer buffer, int length, ByteArrayOutputStream out) {
        IpcMsg head =
                IpcMsg.newBuilder().setMtype(buffer.getLong(0)).setMsize(length).build();
        byte[] text = new byte[padded(length)];
        buffer.getBytes(Long.BYTES, text, 0, length);
        try {
            ByteBuffer size = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            out.write(size.putInt(head.getSerializedSize()).array());
            CodedOutputStream coded = CodedOutputStream.newInstance(out);
            head.writeTo(coded);
            coded.flush();
            out.write(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int padded(int length) {
        return (length + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /** Makes all queues of an image in the calling thread's namespace, with their messages. */
    static void restore(ImageDirectory image, int namespace, UserIds users) throws IOException {
        if (!image.has(ImageKind.IPCNS_MSG, namespace)) {
            return;
        }
        try (ImageReader reader = image.read(ImageKind.IPCNS_MSG, namespace)) {
            for (ImageEntry next = reader.next(); next != null; next = reader.next()) {
                restore((IpcMsgEntry) next.message(), reader.payload(next).order(ByteOrder.LITTLE_ENDIAN), users);
            }
        }
    }

    private static void restore(IpcMsgEntry entry, ByteBuffer messages, UserIds users) throws IOException {
        int id = entry.getDesc().getId();
        IpcDescription.make(KIND, entry.getDesc(), (key, flags) -> SystemCall.call(SyscallNumber.MSGGET, key, flags));
        List<Message> queued = new ArrayList<>();
        long bytes = 0;
        for (int i = 0; i < entry.getQnum(); i++) {
            byte[] head = new byte[messages.getInt()]; // all lengths were looked at when the entry was read
            messages.get(head);
            IpcMsg message = IpcMsg.parseFrom(head);
            byte[] text = new byte[message.getMsize()];
            messages.get(text);
            messages.position(messages.position() + padded(text.length) - text.length);
            queued.add(new Message(message.getMtype(), ByteString.copyFrom(text)));
            bytes += text.length;
        }
        // A limit may have been lowered below what was in it already.
        long most = Integer.toUnsignedLong(entry.getQbytes());
        limit(entry, Math.max(most, bytes), users);
        queued.forEach(message -> send(id, message));
        if (bytes > most) {
            limit(entry, most, users);
        }
    }

    private record Message(long type, ByteString text) {}

    private static void send(int id, Message message) {
        byte[] text = message.text().toByteArray();
        IpcDescription.with(KIND, id, Long.BYTES + text.length, memory -> {
            memory.buffer().putLong(0, message.type());
            memory.buffer().putBytes(Long.BYTES, text);
            SystemCall.check(
                    SystemCall.call(SyscallNumber.MSGSND, id, memory.address(), text.length, IPC_NOWAIT),
                    SyscallNumber.MSGSND);
        });
    }

    private static void limit(IpcMsgEntry entry, long most, UserIds users) {
        int id = entry.getDesc().getId();
        IpcDescription.with(KIND, id, LENGTH, memory -> {
            IpcDescription.write(memory.buffer(), entry.getDesc(), users);
            memory.buffer().putLong(MOST_BYTES_OFFSET, most);
            call(id, IpcDescription.IPC_SET, memory);
        });
    }

    private static void call(int id, int command, Memory memory) {
        SystemCall.check(SystemCall.call(SyscallNumber.MSGCTL, id, command, memory.address()), SyscallNumber.MSGCTL);
    }
}
