package io.baton.task.linux;

import java.util.HashMap;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;

/** What the kernel tells of internet sockets over netlink only: which of their directions are shut. Source: {@code sock_diag(7)}. */
public final class InetDiag {
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int NETLINK_SOCK_DIAG = 4;
    private static final int SOCK_DIAG_BY_FAMILY = 20;
    private static final int REQUEST_DUMP = 1 | 0x300;
    private static final int ERROR = 2;
    private static final int DONE = 3;
    private static final int HEADER = 16;
    /** {@code struct inet_diag_req_v2}. */
    private static final int REQUEST = 56;
    /** {@code struct inet_diag_msg}. */
    private static final int MESSAGE = 72;

    private static final int INODE = 68;
    private static final int ALL_STATES = -1;
    private static final int ATTRIBUTE_SHUTDOWN = 8;
    private static final int ATTRIBUTE_HEADER = 4;
    private static final int ROOM = 64 * 1024;

    private InetDiag() {}

    /**
     * The shut directions, 1 for receiving, 2 for sending, of all bound sockets of a protocol in the network namespace of the
     * calling thread, by inode. Empty if this kernel cannot tell.
     */
    public static Map<Integer, Integer> shutdowns(final int protocol) {
        final Map<Integer, Integer> all = new HashMap<>();
        final long opened =
                SystemCall.call(SyscallNumber.SOCKET, AF_NETLINK, SOCK_RAW | Sockets.SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
        try (Fd socket = Fd.own((int) SystemCall.check(opened, SyscallNumber.SOCKET));
                Memory memory = Memory.allocate(ROOM)) {
            for (final int family : new int[] {Sockets.AF_INET, Sockets.AF_INET6}) {
                request(socket, memory, family, protocol);
                while (receive(socket, memory, all)) {
                    // more to come
                }
            }
        }
        return all;
    }

    private static void request(final Fd socket, final Memory memory, final int family, final int protocol) {
        final UnsafeBuffer buffer = memory.buffer();
        buffer.setMemory(0, HEADER + REQUEST, (byte) 0);
        buffer.putInt(0, HEADER + REQUEST);
        buffer.putShort(4, (short) SOCK_DIAG_BY_FAMILY);
        buffer.putShort(6, (short) REQUEST_DUMP);
        buffer.putByte(HEADER, (byte) family);
        buffer.putByte(HEADER + 1, (byte) protocol);
        buffer.putByte(HEADER + 2, (byte) (1 << (ATTRIBUTE_SHUTDOWN - 1)));
        buffer.putInt(HEADER + 4, ALL_STATES);
        final long sent =
                SystemCall.call(SyscallNumber.SENDTO, socket.number(), memory.address(), HEADER + REQUEST, 0, 0, 0);
        SystemCall.check(sent, SyscallNumber.SENDTO);
    }

    /** Whether there is more. */
    private static boolean receive(final Fd socket, final Memory memory, final Map<Integer, Integer> all) {
        final long result = SystemCall.call(SyscallNumber.RECVFROM, socket.number(), memory.address(), ROOM, 0, 0, 0);
        final int received = (int) SystemCall.check(result, SyscallNumber.RECVFROM);
        final UnsafeBuffer buffer = memory.buffer();
        int at = 0;
        while (at + HEADER <= received) {
            final int length = buffer.getInt(at);
            final int type = buffer.getShort(at + 4);
            if (type == DONE || type == ERROR) { // no such diagnosis in this kernel
                return false;
            }
            all.put(buffer.getInt(at + HEADER + INODE), shutdown(buffer, at + HEADER + MESSAGE, at + length));
            at += Math.max(HEADER, align(length));
        }
        return true;
    }

    private static int shutdown(final UnsafeBuffer buffer, final int start, final int end) {
        int at = start;
        while (at + ATTRIBUTE_HEADER <= end) {
            if (buffer.getShort(at + 2) == ATTRIBUTE_SHUTDOWN) {
                return buffer.getByte(at + ATTRIBUTE_HEADER);
            }
            at += Math.max(ATTRIBUTE_HEADER, align(buffer.getShort(at) & 0xffff));
        }
        return 0;
    }

    private static int align(final int length) {
        return (length + 3) & ~3;
    }
}
