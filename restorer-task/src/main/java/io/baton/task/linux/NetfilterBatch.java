package io.baton.task.linux;

import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.agrona.ExpandableArrayBuffer;

/**
 * Changes to nftables that are made all at once or not at all. Source: {@code linux/netfilter/nfnetlink.h}, {@code
 * nf_tables.h}.
 *
 * <pre>
 *   | begin | request: nlmsghdr, nfgenmsg, attributes | request ... | end |
 * </pre>
 */
public final class NetfilterBatch {
    public static final int NEW_TABLE = 0;
    public static final int DELETE_TABLE = 2;
    public static final int NEW_CHAIN = 3;
    public static final int NEW_RULE = 6;
    public static final int NEW_SET = 9;
    public static final int NEW_SET_ELEMENTS = 12;

    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int SOL_NETLINK = 270;
    private static final int NETLINK_EXT_ACK = 11;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int NFTABLES = 10;
    private static final int BATCH_BEGIN = 16;
    private static final int BATCH_END = 17;
    private static final int REQUEST = 1;
    private static final int ACKNOWLEDGE = 4;
    private static final int EXCLUSIVE = 0x200;
    private static final int CREATE = 0x400;
    private static final int APPEND = 0x800;
    private static final int ERROR = 2;
    private static final int HEADER = 16;
    private static final int GENERAL = 4;
    private static final int ATTRIBUTE_HEADER = 4;
    private static final int NESTED = 0x8000;
    private static final int FAMILY_INET = 1;
    private static final int ANSWER_ROOM = 64 * 1024;
    private static final int MOST_ROOM = 64 << 20;

    private final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(4096);
    private final Deque<Integer> open = new ArrayDeque<>();
    private int length;
    private int message;
    private int requests;

    /** An empty batch. */
    public NetfilterBatch() {
        start(BATCH_BEGIN, REQUEST, 0, NFTABLES);
    }

    /** Opens a socket for batches, in the network namespace of the calling thread. */
    public static Fd open() {
        final long opened =
                SystemCall.call(SyscallNumber.SOCKET, AF_NETLINK, SOCK_RAW | Sockets.SOCK_CLOEXEC, Netlink.NETFILTER);
        final Fd socket = Fd.own((int) SystemCall.check(opened, SyscallNumber.SOCKET));
        Sockets.setOption(socket.number(), SOL_NETLINK, NETLINK_EXT_ACK, 1);
        return socket;
    }

    /** Begins a request about the family {@code inet}; the one before has ended. */
    public NetfilterBatch request(final int type) {
        final int flags = switch (type) {
            case NEW_TABLE -> CREATE | EXCLUSIVE;
            case DELETE_TABLE -> 0;
            case NEW_RULE -> CREATE | APPEND;
            default -> CREATE;
        };
        start((NFTABLES << 8) | type, REQUEST | ACKNOWLEDGE | flags, FAMILY_INET, 0);
        requests++;
        return this;
    }

    private void start(final int type, final int flags, final int family, final int resource) {
        endMessage();
        message = length;
        buffer.putShort(length + 4, (short) type, ByteOrder.LITTLE_ENDIAN);
        buffer.putShort(length + 6, (short) flags, ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(length + 8, requests, ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(length + 12, 0);
        buffer.putByte(length + HEADER, (byte) family);
        buffer.putByte(length + HEADER + 1, (byte) 0);
        buffer.putShort(length + HEADER + 2, (short) resource, ByteOrder.BIG_ENDIAN);
        length += HEADER + GENERAL;
    }

    private void endMessage() {
        if (!open.isEmpty()) {
            throw new IllegalStateException("nested attributes still open: " + open.size());
        }
        if (length > message) {
            buffer.putInt(message, length - message, ByteOrder.LITTLE_ENDIAN);
        }
    }

    /** Adds an attribute. */
    public NetfilterBatch bytes(final int type, final byte[] value) {
        buffer.putShort(length, (short) (ATTRIBUTE_HEADER + value.length), ByteOrder.LITTLE_ENDIAN);
        buffer.putShort(length + 2, (short) type, ByteOrder.LITTLE_ENDIAN);
        length += ATTRIBUTE_HEADER;
        buffer.putBytes(length, value);
        length += value.length;
        while (length % ATTRIBUTE_HEADER != 0) {
            buffer.putByte(length++, (byte) 0);
        }
        return this;
    }

    /** Adds a string, with its NUL. */
    public NetfilterBatch string(final int type, final String value) {
        return bytes(type, (value + "\0").getBytes(StandardCharsets.UTF_8));
    }

    /** Adds a number, in the order of the network. */
    public NetfilterBatch number(final int type, final int value) {
        return bytes(
                type, new byte[] {(byte) (value >>> 24), (byte) (value >>> 16), (byte) (value >>> 8), (byte) value});
    }

    /** Begins an attribute that holds those that follow, up to {@link #end}. */
    public NetfilterBatch begin(final int type) {
        open.push(length);
        buffer.putShort(length + 2, (short) (type | NESTED), ByteOrder.LITTLE_ENDIAN);
        length += ATTRIBUTE_HEADER;
        return this;
    }

    /** Ends the attribute that was begun last. */
    public NetfilterBatch end() {
        final int start = open.pop();
        buffer.putShort(start, (short) (length - start), ByteOrder.LITTLE_ENDIAN);
        return this;
    }

    /** Bytes so far. */
    public int length() {
        return length;
    }

    /**
     * Has it all done.
     *
     * @throws LinuxException what the kernel says of the first request that it will not do; then none is done.
     */
    public void send(final Fd socket) {
        start(BATCH_END, REQUEST, 0, NFTABLES);
        endMessage();
        if (length > ANSWER_ROOM) {
            Sockets.setOption(
                    socket.number(), Sockets.SOL_SOCKET, SO_SNDBUFFORCE, (int) Math.min(2L * length, MOST_ROOM));
            Sockets.setOption(socket.number(), Sockets.SOL_SOCKET, SO_RCVBUFFORCE, MOST_ROOM);
        }
        try (Memory memory = Memory.allocate(length)) {
            final byte[] bytes = new byte[length];
            buffer.getBytes(0, bytes);
            memory.buffer().putBytes(0, bytes);
            SystemCall.check(
                    SystemCall.call(SyscallNumber.SENDTO, socket.number(), memory.address(), length, 0, 0, 0),
                    SyscallNumber.SENDTO);
        }
        awaitAnswers(socket);
    }

    /** All of them are there when the request has been sent. */
    private static void awaitAnswers(final Fd socket) {
        try (Memory memory = Memory.allocate(ANSWER_ROOM)) {
            int errno = 0;
            while (true) {
                final long received = SystemCall.call(
                        SyscallNumber.RECVFROM,
                        socket.number(),
                        memory.address(),
                        ANSWER_ROOM,
                        Sockets.MSG_DONTWAIT,
                        0,
                        0);
                if (received < 0) {
                    break;
                }
                for (int at = 0; at + HEADER + Integer.BYTES <= received; ) {
                    if (memory.buffer().getShort(at + 4) == ERROR && errno == 0) {
                        errno = -memory.buffer().getInt(at + HEADER);
                    }
                    at += Math.max(HEADER, (memory.buffer().getInt(at) + 3) & ~3);
                }
            }
            if (errno != 0) {
                throw new LinuxException("nftables", errno, "");
            }
        }
    }
}
