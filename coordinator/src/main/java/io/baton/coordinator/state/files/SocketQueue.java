package io.baton.coordinator.state.files;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.baton.task.linux.Ancillary;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.Sockets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What waits in a Unix socket to be received, looked at without taking it.
 *
 * @param messages in their order; of a stream, pieces that belong together
 * @param truncated whether more descriptors came with it than we may open
 */
record SocketQueue(List<Message> messages, boolean truncated) {
    static final SocketQueue EMPTY = new SocketQueue(List.of(), false);

    /** Longest message that one instruction can send; a stream is sent in pieces. */
    static final int LONGEST_MESSAGE = 256 * 1024;

    private static final int SO_PEEK_OFF = 42;
    private static final int SO_RCVBUF = 8;
    private static final int LEAST_ROOM = 64 * 1024;

    /**
     * A message, or a piece of a stream.
     *
     * @param rights files that come with it: with the first byte, in a stream
     * @param sender who it is from, if the receiver is told; his id as we know him
     */
    record Message(ByteString bytes, List<OpenFile> rights, Ancillary.@Nullable Sender sender) {}

    /**
     * Reads what is in a socket of a stopped process.
     *
     * @param received bytes in the queue; of messages, at least those of the first
     * @param ended whether the other end sends no more: an end of file cannot be told from an empty message
     * @param files takes over our copy of a file in flight
     */
    static SocketQueue read(Fd socket, int type, int received, boolean ended, Function<Fd, OpenFile> files) {
        try (Reader reader = new Reader(socket.number(), received, files)) {
            return type == Sockets.SOCK_STREAM ? reader.stream(received) : reader.messages(ended ? 1 : 0);
        }
    }

    /** The longest message, in bytes. */
    int longest() {
        return messages.stream().mapToInt(message -> message.bytes.size()).max().orElse(0);
    }

    /** Looks into one socket. */
    private static final class Reader implements AutoCloseable {
        private final int fd;
        private final Function<Fd, OpenFile> files;
        private final Memory memory;
        private final Memory control = Memory.allocate(Ancillary.ROOM);
        private final List<Message> messages = new ArrayList<>();
        private boolean truncated;

        private Reader(int fd, int received, Function<Fd, OpenFile> files) {
            this.fd = fd;
            this.files = files;
            memory = Memory.allocate(
                    Math.max(Math.max(LEAST_ROOM, received), Sockets.option(fd, Sockets.SOL_SOCKET, SO_RCVBUF)));
        }

        /** Nearly always all of it is seen at one look. */
        private SocketQueue stream(int received) {
            if (received == 0) {
                return EMPTY;
            }
            if (peekOffset() < 0) {
                Sockets.Peeked peeked = Sockets.peek(fd, memory);
                if (peeked.length() == received && (peeked.flags() & Sockets.MSG_CTRUNC) == 0) {
                    add(received, new Ancillary(List.of(), null));
                    return new SocketQueue(messages, false);
                }
            }
            return moving(() -> pieces(received));
        }

        /**
         * The kernel ends a look behind the bytes that descriptors came with, but where those bytes began it does not
         * tell.
         */
        private void pieces(int received) {
            int at = 0;
            while (at < received) {
                Sockets.setOption(fd, Sockets.SOL_SOCKET, SO_PEEK_OFF, at);
                Sockets.Peeked peeked = Sockets.peek(fd, memory, control);
                if (peeked.length() <= 0) {
                    throw new LinuxException("recvmsg", Errno.EIO, "bytes=" + at + ", expected=" + received);
                }
                Ancillary ancillary = take(peeked);
                int length = peeked.length();
                ByteString bytes = bytes(length);
                int begin = ancillary.descriptors().isEmpty() ? 0 : beginning(at, length);
                if (begin > 0) {
                    messages.add(new Message(bytes.substring(0, begin), List.of(), ancillary.sender()));
                }
                messages.add(message(bytes.substring(begin), ancillary));
                at += length;
            }
        }

        /** Bytes before the first that descriptors come with: the last byte there is stands with it. */
        private int beginning(int at, int length) {
            Sockets.setOption(fd, Sockets.SOL_SOCKET, SO_PEEK_OFF, at);
            return Sockets.peekWhole(fd, memory, length - 1);
        }

        private SocketQueue messages(int least) {
            return isEmpty(least)
                    ? EMPTY
                    : moving(() -> {
                        Sockets.setOption(fd, Sockets.SOL_SOCKET, SO_PEEK_OFF, 0);
                        while (true) {
                            Sockets.Peeked peeked = Sockets.peek(fd, memory, control);
                            if (peeked.length() < least) {
                                return;
                            }
                            add(peeked.length(), take(peeked));
                        }
                    });
        }

        /** A socket of records that is not connected may not even be asked. */
        private boolean isEmpty(int least) {
            try {
                return Sockets.peek(fd, memory).length() < least;
            } catch (LinuxException e) {
                if (e.errno() == Errno.ENOTCONN) {
                    return true;
                }
                throw e;
            }
        }

        private int peekOffset() {
            return Sockets.option(fd, Sockets.SOL_SOCKET, SO_PEEK_OFF);
        }

        /**
         * The kernel moves on with each look if it is told so by an option, which is set back at once. It would matter only
         * to a program that itself looks at messages without taking them, if we were killed in between.
         */
        private SocketQueue moving(Runnable looks) {
            int before = peekOffset();
            try {
                looks.run();
            } finally {
                Sockets.setOption(fd, Sockets.SOL_SOCKET, SO_PEEK_OFF, before);
            }
            return new SocketQueue(messages, truncated);
        }

        private Ancillary take(Sockets.Peeked peeked) {
            truncated |= (peeked.flags() & Sockets.MSG_CTRUNC) != 0;
            return Ancillary.take(control.buffer(), peeked.control());
        }

        private void add(int length, Ancillary ancillary) {
            messages.add(message(bytes(length), ancillary));
        }

        private Message message(ByteString bytes, Ancillary ancillary) {
            List<OpenFile> rights = ancillary.descriptors().stream().map(files).toList();
            return new Message(bytes, rights, ancillary.sender());
        }

        private ByteString bytes(int length) {
            byte[] bytes = new byte[length];
            memory.buffer().getBytes(0, bytes);
            return UnsafeByteOperations.unsafeWrap(bytes);
        }

        @Override
        public void close() {
            memory.close();
            control.close();
        }
    }
}
