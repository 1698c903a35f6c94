package io.baton.task.linux;

import java.util.OptionalInt;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/** Opens sockets and asks about them. Source: {@code socket(7)}, {@code unix(7)}, {@code ip(7)}, {@code tcp(7)}. */
public final class Sockets {
    public static final int AF_UNIX = 1;
    public static final int AF_INET = 2;
    public static final int AF_INET6 = 10;
    public static final int AF_NETLINK = 16;
    public static final int AF_PACKET = 17;

    public static final int SOCK_STREAM = 1;
    public static final int SOCK_DGRAM = 2;
    public static final int SOCK_RAW = 3;
    public static final int SOCK_SEQPACKET = 5;
    /** Of packet sockets, as they were before Linux 2.2. */
    public static final int SOCK_PACKET = 10;

    public static final int SOCK_NONBLOCK = 0x800;
    public static final int SOCK_CLOEXEC = 0x80000;

    public static final int SOL_SOCKET = 1;
    public static final int SOL_PACKET = 263;
    public static final int SOL_NETLINK = 270;
    public static final int SO_TYPE = 3;
    public static final int SO_PROTOCOL = 38;
    public static final int SO_DOMAIN = 39;

    public static final int MSG_PEEK = 2;
    public static final int MSG_CTRUNC = 8;
    public static final int MSG_TRUNC = 0x20;
    public static final int MSG_DONTWAIT = 0x40;
    public static final int MSG_NOSIGNAL = 0x4000;
    public static final int MSG_CMSG_CLOEXEC = 0x40000000;

    /** States of a socket, TCP or not, as the kernel numbers them (net/tcp_states.h). */
    public static final int ESTABLISHED = 1;

    public static final int CLOSE = 7;
    public static final int LISTEN = 10;

    /** Bytes of the longest {@code struct sockaddr}. */
    public static final int LONGEST_ADDRESS = 128;

    private static final int VECTOR_LENGTH = 16;
    private static final int HEADER_OFFSET = VECTOR_LENGTH;
    private static final int HEADER_VECTOR = 16;
    private static final int HEADER_CONTROL = 32;
    private static final int HEADER_FLAGS = 48;
    private static final int HEADER_LENGTH = 56;

    /** An address in the first page, which nobody can map. */
    private static final long NOT_MAPPED = 8;

    private Sockets() {}

    /**
     * What was looked at without being taken.
     *
     * @param length bytes of the message; -1: there is none.
     * @param flags {@code MSG_TRUNC}, {@code MSG_CTRUNC}.
     * @param control bytes of what came with it.
     */
    public record Peeked(int length, int flags, int control) {}

    /** A socket that no child inherits. */
    public static Fd open(final int family, final int type, final int protocol) {
        final long result = SystemCall.call(SyscallNumber.SOCKET, family, type | SOCK_CLOEXEC, protocol);
        return Fd.own((int) SystemCall.check(result, SyscallNumber.SOCKET));
    }

    /** An option that is a number. */
    public static int option(final int fd, final int level, final int name) {
        return (int) number(option(fd, level, name, Integer.BYTES));
    }

    /** An option that is a number, if the socket has it. */
    public static OptionalInt optionIfKnown(final int fd, final int level, final int name) {
        try {
            return OptionalInt.of(option(fd, level, name));
        } catch (LinuxException e) {
            return OptionalInt.empty();
        }
    }

    /** An option of any form, as many bytes of it as there are, at most {@code length}. */
    public static byte[] option(final int fd, final int level, final int name, final int length) {
        try (Memory memory = Memory.allocate(Long.BYTES + Math.max(length, 1))) {
            memory.buffer().putInt(0, length);
            final long value = memory.address() + Long.BYTES;
            final long result = SystemCall.call(SyscallNumber.GETSOCKOPT, fd, level, name, value, memory.address());
            SystemCall.check(result, SyscallNumber.GETSOCKOPT, "option", name);
            final byte[] bytes = new byte[Math.min(length, memory.buffer().getInt(0))];
            memory.buffer().getBytes(Long.BYTES, bytes);
            return bytes;
        }
    }

    private static long number(final byte[] bytes) {
        long number = 0;
        for (int i = 0; i < bytes.length && i < Integer.BYTES; i++) {
            number |= (bytes[i] & 0xffL) << (i * Byte.SIZE);
        }
        return number;
    }

    /** The {@code struct sockaddr} of a socket itself. */
    public static byte[] address(final int fd) {
        return address(fd, SyscallNumber.GETSOCKNAME);
    }

    /** The {@code struct sockaddr} of its other end. */
    public static byte[] peerAddress(final int fd) {
        return address(fd, SyscallNumber.GETPEERNAME);
    }

    private static byte[] address(final int fd, final int call) {
        try (Memory memory = Memory.allocate(Long.BYTES + LONGEST_ADDRESS)) {
            memory.buffer().putInt(0, LONGEST_ADDRESS);
            final long address = memory.address() + Long.BYTES;
            SystemCall.check(SystemCall.call(call, fd, address, memory.address()), call, "fd", fd);
            final byte[] bytes = new byte[memory.buffer().getInt(0)];
            memory.buffer().getBytes(Long.BYTES, bytes);
            return bytes;
        }
    }

    /** Connects a socket to a {@code struct sockaddr}. */
    public static void connect(final int fd, final byte[] address) {
        try (Memory memory = Memory.allocate(address.length)) {
            memory.buffer().putBytes(0, address);
            final long result = SystemCall.call(SyscallNumber.CONNECT, fd, memory.address(), address.length);
            SystemCall.check(result, SyscallNumber.CONNECT, "fd", fd);
        }
    }

    /** Looks at the next message; for a stream, at all that is there as long as it fits. */
    public static Peeked peek(final int fd, final Memory target) {
        return peek(fd, target, null);
    }

    /**
     * As {@link #peek(int, Memory)}, with what comes with the message: see {@link Ancillary}.
     *
     * @param control where that is put; null: it is not asked for
     */
    public static Peeked peek(final int fd, final Memory target, final @Nullable Memory control) {
        try (Memory memory = Memory.allocate(HEADER_OFFSET + HEADER_LENGTH)) {
            final UnsafeBuffer buffer = memory.buffer();
            putVector(buffer, 0, target.address(), target.length());
            buffer.putLong(HEADER_OFFSET + HEADER_VECTOR, memory.address());
            buffer.putLong(HEADER_OFFSET + HEADER_VECTOR + Long.BYTES, 1);
            if (control != null) {
                buffer.putLong(HEADER_OFFSET + HEADER_CONTROL, control.address());
                buffer.putLong(HEADER_OFFSET + HEADER_CONTROL + Long.BYTES, control.length());
            }
            final long result = peek(fd, memory.address() + HEADER_OFFSET);
            if (result == -Errno.EAGAIN) {
                return new Peeked(-1, 0, 0);
            }
            final int received = (int) SystemCall.check(result, SyscallNumber.RECVMSG, "fd", fd);
            return new Peeked(received, buffer.getInt(HEADER_OFFSET + HEADER_FLAGS), (int)
                    buffer.getLong(HEADER_OFFSET + HEADER_CONTROL + Long.BYTES));
        }
    }

    /**
     * Looks at a stream as far as whole pieces, as they were sent, fit into that many bytes: behind those is memory that is
     * not there, and the kernel returns without the piece that runs into it. Gives the bytes of the others.
     */
    public static int peekWhole(final int fd, final Memory target, final int length) {
        try (Memory memory = Memory.allocate(HEADER_OFFSET + HEADER_LENGTH + 2 * VECTOR_LENGTH)) {
            final UnsafeBuffer buffer = memory.buffer();
            final int vectors = HEADER_OFFSET + HEADER_LENGTH;
            putVector(buffer, vectors, target.address(), length);
            putVector(buffer, vectors + VECTOR_LENGTH, NOT_MAPPED, target.length());
            buffer.putLong(HEADER_OFFSET + HEADER_VECTOR, memory.address() + vectors);
            buffer.putLong(HEADER_OFFSET + HEADER_VECTOR + Long.BYTES, 2);
            final long result = peek(fd, memory.address() + HEADER_OFFSET);
            return result == -Errno.EFAULT ? 0 : (int) SystemCall.check(result, SyscallNumber.RECVMSG, "fd", fd);
        }
    }

    private static void putVector(final UnsafeBuffer buffer, final int offset, final long address, final long length) {
        buffer.putLong(offset, address);
        buffer.putLong(offset + Long.BYTES, length);
    }

    private static long peek(final int fd, final long header) {
        final int flags = MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC;
        return SystemCall.call(SyscallNumber.RECVMSG, fd, header, flags);
    }

    /** Sets an option that is a number. */
    public static void setOption(final int fd, final int level, final int name, final int value) {
        final Scratch scratch = Scratch.get();
        scratch.structure().putInt(0, value);
        final long result =
                SystemCall.call(SyscallNumber.SETSOCKOPT, fd, level, name, scratch.address(), Integer.BYTES);
        SystemCall.check(result, SyscallNumber.SETSOCKOPT, "option", name);
    }
}
