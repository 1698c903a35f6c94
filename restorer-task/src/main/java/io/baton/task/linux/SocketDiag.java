package io.baton.task.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What the kernel tells over netlink of the sockets of a family. Source: {@code sock_diag(7)}, {@code
 * linux/netlink_diag.h}, {@code linux/packet_diag.h}.
 *
 * <pre>
 *   request:  nlmsghdr | family, protocol, 0, 0 | inode, 0: all | what to show | cookie: 2 words
 *   answer:   nlmsghdr | fixed part | attributes: length, type, bytes, padded to 4
 * </pre>
 */
public final class SocketDiag {
    private static final int NETLINK_SOCK_DIAG = 4;
    private static final int SOCK_DIAG_BY_FAMILY = 20;
    private static final int REQUEST_DUMP = 1 | 0x300;
    private static final int ERROR = 2;
    private static final int DONE = 3;
    private static final int HEADER = 16;
    private static final int REQUEST = 20;
    private static final int SHOW = 8;
    private static final int ROOM = 64 * 1024;
    private static final int ATTRIBUTE_HEADER = 4;

    private SocketDiag() {}

    /**
     * One socket.
     *
     * @param fixed what is told of each.
     * @param attributes the rest, by type.
     */
    public record Found(ByteBuffer fixed, Map<Integer, ByteBuffer> attributes) {
        /** What stands there, or null. */
        public @Nullable ByteBuffer attribute(final int type) {
            return attributes.get(type);
        }
    }

    /**
     * All sockets of a family in the network namespace of the calling thread; none if this kernel does not tell.
     *
     * @param protocol of those that are wanted, as the family understands it.
     * @param show bits of the family: which attributes.
     * @param length bytes of the fixed part.
     */
    public static List<Found> list(final int family, final int protocol, final int show, final int length) {
        final List<Found> all = new ArrayList<>();
        try (Fd socket = Sockets.open(Sockets.AF_NETLINK, Sockets.SOCK_RAW, NETLINK_SOCK_DIAG);
                Memory memory = Memory.allocate(ROOM)) {
            final UnsafeBuffer buffer = memory.buffer();
            buffer.putInt(0, HEADER + REQUEST);
            buffer.putShort(4, (short) SOCK_DIAG_BY_FAMILY);
            buffer.putShort(6, (short) REQUEST_DUMP);
            buffer.putByte(HEADER, (byte) family);
            buffer.putByte(HEADER + 1, (byte) protocol);
            buffer.putInt(HEADER + SHOW, show);
            final long sent =
                    SystemCall.call(SyscallNumber.SENDTO, socket.number(), memory.address(), HEADER + REQUEST, 0, 0, 0);
            SystemCall.check(sent, SyscallNumber.SENDTO);
            while (receive(socket, memory, length, all)) {
                // more to come
            }
        }
        return all;
    }

    /** Whether there is more. */
    private static boolean receive(final Fd socket, final Memory memory, final int fixed, final List<Found> all) {
        final long result = SystemCall.call(SyscallNumber.RECVFROM, socket.number(), memory.address(), ROOM, 0, 0, 0);
        final int received = (int) SystemCall.check(result, SyscallNumber.RECVFROM);
        final UnsafeBuffer buffer = memory.buffer();
        int at = 0;
        while (at + HEADER <= received) {
            final int length = buffer.getInt(at);
            final int type = buffer.getShort(at + 4);
            if (type == DONE || type == ERROR) { // ENOENT: it does not tell of that family
                return false;
            } else if (type == SOCK_DIAG_BY_FAMILY) {
                final int start = at + HEADER;
                all.add(new Found(copy(buffer, start, fixed), attributes(buffer, start + fixed, at + length)));
            }
            at += Math.max(HEADER, align(length));
        }
        return true;
    }

    private static Map<Integer, ByteBuffer> attributes(final UnsafeBuffer buffer, final int start, final int end) {
        final Map<Integer, ByteBuffer> attributes = new HashMap<>();
        int at = start;
        while (at + ATTRIBUTE_HEADER <= end) {
            final int length = buffer.getShort(at) & 0xffff;
            final int type = buffer.getShort(at + 2);
            attributes.put(type, copy(buffer, at + ATTRIBUTE_HEADER, Math.max(0, length - ATTRIBUTE_HEADER)));
            at += Math.max(ATTRIBUTE_HEADER, align(length));
        }
        return attributes;
    }

    private static ByteBuffer copy(final UnsafeBuffer buffer, final int at, final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(at, bytes);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int align(final int length) {
        return (length + 3) & ~3;
    }
}
