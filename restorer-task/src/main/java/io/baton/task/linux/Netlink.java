package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/** Counts what the kernel lists over netlink. Source: {@code netlink(7)}. */
public final class Netlink {
    public static final int ROUTE = 0;
    public static final int XFRM = 6;
    public static final int NETFILTER = 12;

    /** Types of requests of {@link #ROUTE}. */
    public static final int GET_RULES = 34;

    public static final int GET_QUEUES = 38;
    /** Of {@link #XFRM}. */
    public static final int GET_STATES = 18;

    public static final int GET_POLICIES = 21;
    /** Of {@link #NETFILTER}: tables of nftables. */
    public static final int GET_TABLES = 10 << 8 | 1;

    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int REQUEST_DUMP = 1 | 0x300;
    private static final int ERROR = 2;
    private static final int DONE = 3;
    private static final int HEADER = 16;
    private static final int ROOM = 64 * 1024;

    private Netlink() {}

    /**
     * How many objects of a kind there are in the network namespace of the calling thread.
     *
     * @param protocol such as {@link #ROUTE}.
     * @param type of the request.
     * @param length of what follows the request's header, all zero: every family.
     * @return the number, or a negative errno: the kernel does not know of such.
     */
    public static int count(final int protocol, final int type, final int length) {
        final long opened = SystemCall.call(SyscallNumber.SOCKET, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
        if (opened < 0) {
            return (int) opened;
        }
        try (Fd socket = Fd.own((int) opened);
                Memory memory = Memory.allocate(ROOM)) {
            final UnsafeBuffer buffer = memory.buffer();
            buffer.putInt(0, HEADER + length);
            buffer.putShort(4, (short) type);
            buffer.putShort(6, (short) REQUEST_DUMP);
            SystemCall.check(
                    SystemCall.call(SyscallNumber.SENDTO, socket.number(), memory.address(), HEADER + length, 0, 0, 0),
                    SyscallNumber.SENDTO);
            return answers(socket, memory);
        }
    }

    private static int answers(final Fd socket, final Memory memory) {
        int count = 0;
        while (true) {
            final int received = (int) SystemCall.check(
                    SystemCall.call(SyscallNumber.RECVFROM, socket.number(), memory.address(), ROOM, 0, 0, 0),
                    SyscallNumber.RECVFROM);
            int at = 0;
            while (at + HEADER <= received) {
                final int type = memory.buffer().getShort(at + 4);
                if (type == DONE) {
                    return count;
                } else if (type == ERROR) {
                    return memory.buffer().getInt(at + HEADER);
                }
                count++;
                at += Math.max(HEADER, (memory.buffer().getInt(at) + 3) & ~3);
            }
        }
    }
}
