package io.baton.coordinator.state.files;

import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What waits in a Unix socket to be received: looked at without taking it, and sent again by the other end.
 *
 * @param messages one for a stream
 * @param attached whether descriptors or credentials come with it, which are not looked at
 */
record SocketQueue(List<byte[]> messages, boolean attached) {
    static final SocketQueue EMPTY = new SocketQueue(List.of(), false);

    /** Longest message that one instruction can send; a stream is sent in pieces. */
    static final int LONGEST_MESSAGE = 256 * 1024;

    private static final int PIECE = 16 * 1024;
    private static final int SO_PEEK_OFF = 42;
    private static final int SO_RCVBUF = 8;
    private static final int LEAST_ROOM = 64 * 1024;

    /**
     * Reads what is in a socket of a stopped process.
     *
     * @param received bytes in the queue; of messages, at least those of the first
     * @param ended whether the other end sends no more: an end of file cannot be told from an empty message
     */
    static SocketQueue read(Fd socket, int type, int received, boolean ended) {
        return type == Sockets.SOCK_STREAM ? readStream(socket, received) : readMessages(socket, received, ended);
    }

    private static SocketQueue readStream(Fd socket, int received) {
        if (received == 0) {
            return EMPTY;
        }
        try (Memory memory = Memory.allocate(received)) {
            Sockets.Peeked peeked = Sockets.peek(socket.number(), memory);
            boolean attached = (peeked.flags() & Sockets.MSG_CTRUNC) != 0;
            if (peeked.length() != received && !attached) {
                throw new LinuxException("recvmsg", Errno.EIO, "bytes=" + peeked.length() + ", expected=" + received);
            }
            byte[] bytes = new byte[Math.max(0, peeked.length())];
            memory.buffer().getBytes(0, bytes);
            return new SocketQueue(List.of(bytes), attached);
        }
    }

    /**
     * Message by message: the kernel moves on with each look if it is told so by an option, which is set back at once. It
     * would matter only to a program that itself looks at messages without taking them, if we were killed in between.
     */
    private static SocketQueue readMessages(Fd socket, int received, boolean ended) {
        int fd = socket.number();
        try (Memory memory = Memory.allocate(
                Math.max(Math.max(LEAST_ROOM, received), Sockets.option(fd, Sockets.SOL_SOCKET, SO_RCVBUF)))) {
            int least = ended ? 1 : 0;
            if (isEmpty(fd, memory, least)) {
                return EMPTY;
            }
            int before = Sockets.option(fd, Sockets.SOL_SOCKET, SO_PEEK_OFF);
            Sockets.setOption(fd, Sockets.SOL_SOCKET, SO_PEEK_OFF, 0);
            try {
                return readAll(fd, memory, least);
            } finally {
                Sockets.setOption(fd, Sockets.SOL_SOCKET, SO_PEEK_OFF, before);
            }
        }
    }

    /** A socket of records that is not connected may not even be asked. */
    private static boolean isEmpty(int fd, Memory memory, int least) {
        try {
            return Sockets.peek(fd, memory).length() < least;
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOTCONN) {
                return true;
            }
            throw e;
        }
    }

    private static SocketQueue readAll(int fd, Memory memory, int least) {
        List<byte[]> messages = new ArrayList<>();
        boolean attached = false;
        while (true) {
            Sockets.Peeked peeked = Sockets.peek(fd, memory);
            if (peeked.length() < least) {
                return new SocketQueue(messages, attached);
            }
            attached |= (peeked.flags() & Sockets.MSG_CTRUNC) != 0;
            byte[] message = new byte[peeked.length()];
            memory.buffer().getBytes(0, message);
            messages.add(message);
        }
    }

    /** The longest message, in bytes. */
    int longest() {
        return messages.stream().mapToInt(message -> message.length).max().orElse(0);
    }

    /** Sends what was in a socket through its other end; it must find room or fail, for nobody reads yet. */
    static void compile(TaskDescriptors task, Handle sender, int type, List<ByteBuffer> messages) {
        for (ByteBuffer message : messages) {
            int step = type == Sockets.SOCK_STREAM ? PIECE : Math.max(1, message.limit());
            for (int at = 0; at < message.limit() || at == 0; at += step) {
                byte[] piece = new byte[Math.min(step, message.limit() - at)];
                message.get(at, piece);
                ProgramBuilder block = task.nextBlock();
                int data = block.bytes(piece);
                block.call(SyscallNumber.SENDTO)
                        .value(sender.fd())
                        .data(data)
                        .value(piece.length)
                        .value(Sockets.MSG_DONTWAIT | Sockets.MSG_NOSIGNAL)
                        .value(0)
                        .value(0)
                        .expect(piece.length);
            }
        }
    }
}
