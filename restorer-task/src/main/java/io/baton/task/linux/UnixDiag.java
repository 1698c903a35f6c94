package io.baton.task.linux;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What the kernel tells of Unix sockets over netlink: who is connected to whom, names, queues. Source: {@code
 * sock_diag(7)}.
 *
 * @param inode of the socket.
 * @param type {@code SOCK_STREAM} and so on.
 * @param state as {@link Sockets#ESTABLISHED}.
 * @param name as in {@code sun_path}, one character for each byte, abstract ones with their leading zero; empty for none.
 * @param file that it is bound to: inode and, above it, the device as the kernel itself numbers it; 0 for none.
 * @param peer inode of the other end; 0 when that one is gone or not accepted yet, or there never was one.
 * @param connected whether there is, or was, another end.
 * @param pending inodes of those whose connection a listening socket has not accepted yet.
 * @param received bytes in the receive queue; of a listening one, connections.
 * @param sent bytes that the other end has not read; of a listening one, how many connections may wait.
 * @param shutdown 1 for receiving, 2 for sending.
 */
public record UnixDiag(
        int inode,
        int type,
        int state,
        String name,
        long file,
        int peer,
        boolean connected,
        List<Integer> pending,
        int received,
        int sent,
        int shutdown) {
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int NETLINK_SOCK_DIAG = 4;
    private static final int SOCK_DIAG_BY_FAMILY = 20;
    private static final int REQUEST_DUMP = 1 | 0x300;
    private static final int ERROR = 2;
    private static final int DONE = 3;
    private static final int HEADER = 16;
    private static final int REQUEST = 24;
    private static final int MESSAGE = 16;
    private static final int ALL_STATES = -1;
    private static final int SHOW = 0x01 | 0x02 | 0x04 | 0x08 | 0x10; // name, file, peer, icons, queue lengths
    private static final int ROOM = 64 * 1024;

    /** Of a device's number in the kernel. */
    private static final int MINOR_BITS = 20;

    private static final int ATTRIBUTE_NAME = 0;
    private static final int ATTRIBUTE_FILE = 1;
    private static final int ATTRIBUTE_PEER = 2;
    private static final int ATTRIBUTE_ICONS = 3;
    private static final int ATTRIBUTE_QUEUES = 4;
    private static final int ATTRIBUTE_SHUTDOWN = 6;
    private static final int ATTRIBUTE_HEADER = 4;

    /** Whether a socket is bound to that file. */
    public boolean isBoundTo(final FileStatus status) {
        final int device = (FileStatus.major(status.dev()) << MINOR_BITS) | FileStatus.minor(status.dev());
        return file != 0 && file == fileNumber((int) status.ino(), device);
    }

    private static long fileNumber(final int inode, final int device) {
        return Integer.toUnsignedLong(inode) | ((long) device << Integer.SIZE);
    }

    /** All sockets in the network namespace of the calling thread, by inode. */
    public static Map<Integer, UnixDiag> list() {
        final Map<Integer, UnixDiag> all = new HashMap<>();
        final long opened =
                SystemCall.call(SyscallNumber.SOCKET, AF_NETLINK, SOCK_RAW | Sockets.SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
        try (Fd socket = Fd.own((int) SystemCall.check(opened, SyscallNumber.SOCKET));
                Memory memory = Memory.allocate(ROOM)) {
            final UnsafeBuffer buffer = memory.buffer();
            buffer.putInt(0, HEADER + REQUEST);
            buffer.putShort(4, (short) SOCK_DIAG_BY_FAMILY);
            buffer.putShort(6, (short) REQUEST_DUMP);
            buffer.putByte(HEADER, (byte) Sockets.AF_UNIX);
            buffer.putInt(HEADER + 4, ALL_STATES);
            buffer.putInt(HEADER + 12, SHOW);
            final long sent =
                    SystemCall.call(SyscallNumber.SENDTO, socket.number(), memory.address(), HEADER + REQUEST, 0, 0, 0);
            SystemCall.check(sent, SyscallNumber.SENDTO);
            while (receive(socket, memory, all)) {
                // more to come
            }
        }
        return all;
    }

    /** Whether there is more. */
    private static boolean receive(final Fd socket, final Memory memory, final Map<Integer, UnixDiag> all) {
        final long result = SystemCall.call(SyscallNumber.RECVFROM, socket.number(), memory.address(), ROOM, 0, 0, 0);
        final int received = (int) SystemCall.check(result, SyscallNumber.RECVFROM);
        final UnsafeBuffer buffer = memory.buffer();
        int at = 0;
        while (at + HEADER <= received) {
            final int length = buffer.getInt(at);
            final int type = buffer.getShort(at + 4);
            if (type == DONE) {
                return false;
            } else if (type == ERROR) {
                throw new LinuxException("sock_diag", -buffer.getInt(at + HEADER), "family=AF_UNIX");
            } else if (type == SOCK_DIAG_BY_FAMILY) {
                final UnixDiag socketFound = parse(buffer, at + HEADER, at + length);
                all.put(socketFound.inode, socketFound);
            }
            at += Math.max(HEADER, align(length));
        }
        return true;
    }

    private static UnixDiag parse(final UnsafeBuffer buffer, final int start, final int end) {
        String name = "";
        long file = 0;
        int peer = 0;
        boolean connected = false;
        List<Integer> pending = List.of();
        int received = 0;
        int sent = 0;
        int shutdown = 0;
        int at = start + MESSAGE;
        while (at + ATTRIBUTE_HEADER <= end) {
            final int length = buffer.getShort(at) & 0xffff;
            final int data = at + ATTRIBUTE_HEADER;
            final int size = length - ATTRIBUTE_HEADER;
            switch (buffer.getShort(at + 2)) {
                case ATTRIBUTE_NAME -> {
                    final byte[] bytes = new byte[size];
                    buffer.getBytes(data, bytes);
                    name = new String(bytes, StandardCharsets.ISO_8859_1);
                }
                case ATTRIBUTE_FILE -> file = fileNumber(buffer.getInt(data), buffer.getInt(data + 4));
                case ATTRIBUTE_PEER -> {
                    peer = buffer.getInt(data);
                    connected = true;
                }
                case ATTRIBUTE_ICONS -> {
                    pending = new ArrayList<>();
                    for (int i = 0; i < size; i += Integer.BYTES) {
                        pending.add(buffer.getInt(data + i));
                    }
                }
                case ATTRIBUTE_QUEUES -> {
                    received = buffer.getInt(data);
                    sent = buffer.getInt(data + Integer.BYTES);
                }
                case ATTRIBUTE_SHUTDOWN -> shutdown = buffer.getByte(data);
                default -> {
                    // not asked for
                }
            }
            at += Math.max(ATTRIBUTE_HEADER, align(length));
        }
        return new UnixDiag(
                buffer.getInt(start + 4),
                buffer.getByte(start + 1),
                buffer.getByte(start + 2),
                name,
                file,
                peer,
                connected,
                pending,
                received,
                sent,
                shutdown);
    }

    private static int align(final int length) {
        return (length + 3) & ~3;
    }
}
