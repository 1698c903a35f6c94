package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.SkOptsEntry;
import io.baton.mktree.image.proto.SkSenderEntry;
import io.baton.task.linux.Ancillary;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Sends what was in a Unix socket through its other end; it must find room or fail, for nobody reads yet. */
final class MessageProgram {
    private static final int PIECE = 16 * 1024;
    private static final int FLAGS = Sockets.MSG_DONTWAIT | Sockets.MSG_NOSIGNAL;
    /** What the kernel counts for each message beside its bytes, at most; and how much more than all that it may count. */
    private static final int MESSAGE = 1024;

    private static final int MORE = 4;
    private static final int MOST_ROOM = 1 << 30;
    private static final int SENDER = 3 * Integer.BYTES;

    private final TaskDescriptors task;
    private final Handle sender;

    private MessageProgram(TaskDescriptors task, Handle sender) {
        this.task = task;
        this.sender = sender;
    }

    static void compile(TaskDescriptors task, Handle sender, int type, List<ImageMessage> messages) {
        MessageProgram program = new MessageProgram(task, sender);
        SkOptsEntry fresh = task.tree().freshSocket(Sockets.AF_UNIX, type, 0);
        long room = messages.stream()
                .mapToLong(message -> message.bytes().limit() + MESSAGE)
                .sum();
        boolean full = MORE * room > fresh.getSoSndbuf();
        if (full) {
            SocketOptions.lendSendBuffer(task, sender.fd(), (int) Math.min(MOST_ROOM, MORE * room));
        }
        for (ImageMessage message : messages) {
            int length = message.bytes().limit();
            int step = type == Sockets.SOCK_STREAM ? PIECE : Math.max(1, length);
            for (int at = 0; at < length || at == 0; at += step) {
                byte[] piece = new byte[Math.min(step, length - at)];
                message.bytes().get(at, piece);
                program.send(piece, program.ancillary(message, at == 0));
            }
        }
        if (full) {
            SocketOptions.takeBackSendBuffer(task, sender.fd(), fresh);
        }
    }

    /** Sends bytes with nothing beside them. */
    static void plain(TaskDescriptors task, Handle sender, byte[] bytes) {
        new MessageProgram(task, sender).send(bytes, new byte[0]);
    }

    /** The files that come with it are opened, or fetched, here. */
    private byte[] ancillary(ImageMessage message, boolean first) {
        List<Handle> rights = new ArrayList<>();
        for (int id : first ? message.rights() : List.<Integer>of()) {
            rights.add(task.obtain(id));
        }
        boolean told = message.packet().hasSender();
        ByteBuffer control = ByteBuffer.allocate(
                        (told ? space(SENDER) : 0) + (rights.isEmpty() ? 0 : space(Integer.BYTES * rights.size())))
                .order(ByteOrder.LITTLE_ENDIAN);
        if (told) {
            SkSenderEntry from = message.packet().getSender();
            begin(control, Ancillary.SCM_CREDENTIALS, SENDER);
            control.putInt(from.getPid()).putInt(from.getUid()).putInt(from.getGid());
            control.position(space(SENDER));
        }
        if (!rights.isEmpty()) {
            begin(control, Ancillary.SCM_RIGHTS, Integer.BYTES * rights.size());
            rights.forEach(handle -> control.putInt(handle.fd()));
        }
        return control.array();
    }

    private static int space(int length) {
        return Ancillary.HEADER + ((length + Long.BYTES - 1) & -Long.BYTES);
    }

    private static void begin(ByteBuffer control, int type, int length) {
        control.putLong(Ancillary.HEADER + length).putInt(Sockets.SOL_SOCKET).putInt(type);
    }

    private void send(byte[] bytes, byte[] control) {
        ProgramBuilder block = task.nextBlock();
        int data = block.bytes(bytes);
        if (control.length == 0) {
            block.call(SyscallNumber.SENDTO)
                    .value(sender.fd())
                    .data(data)
                    .value(bytes.length)
                    .value(FLAGS)
                    .value(0)
                    .value(0)
                    .expect(bytes.length);
            return;
        }
        int vector = block.longs(0, bytes.length);
        int ancillary = block.bytes(control);
        // struct msghdr: name, its length, vectors, how many, ancillary data, its length, flags
        int header = block.longs(0, 0, 0, 1, 0, control.length, 0);
        block.op(Op.POKE).data(vector).data(data);
        block.op(Op.POKE).data(header + 2 * Long.BYTES).data(vector);
        block.op(Op.POKE).data(header + 4 * Long.BYTES).data(ancillary);
        block.call(SyscallNumber.SENDMSG)
                .value(sender.fd())
                .data(header)
                .value(FLAGS)
                .expect(bytes.length);
    }
}
