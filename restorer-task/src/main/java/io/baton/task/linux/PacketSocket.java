package io.baton.task.linux;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A Unix socket of packets, whose other end is another process: each packet arrives whole or not at all, perhaps with
 * descriptors. Source: {@code unix(7)}. Not safe for use by several threads.
 */
public final class PacketSocket implements AutoCloseable {
    /** The longest packet. */
    public static final int LONGEST = 65_536;

    private static final int SO_PEERCRED = 17;
    private static final int SCM_RIGHTS = 1;
    private static final int ADDRESS_LENGTH = 110;
    private static final int ADDRESS_PATH = 2;
    private static final int BACKLOG = 64;

    private static final int VECTOR = 0;
    private static final int HEADER = 16;
    private static final int HEADER_VECTOR = HEADER + 16;
    private static final int HEADER_CONTROL = HEADER + 32;
    private static final int CONTROL = 80;
    private static final int CONTROL_HEADER = 16;
    private static final int CONTROL_LENGTH = 256;
    private static final int BYTES = CONTROL + CONTROL_LENGTH;

    private final Fd fd;
    private @Nullable Memory memory;

    private PacketSocket(final Fd fd) {
        this.fd = fd;
    }

    /**
     * Who is at the other end, as it was when it connected or began to listen.
     *
     * @param pid as we call it
     */
    public record Peer(int pid, int uid, int gid) {}

    /** Listens under a name that is free. */
    public static PacketSocket listen(final String path) {
        return named(path, SyscallNumber.BIND);
    }

    /** Connects to whoever listens under that name. */
    public static PacketSocket connect(final String path) {
        return named(path, SyscallNumber.CONNECT);
    }

    private static PacketSocket named(final String path, final int call) {
        final byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        if (bytes.length + ADDRESS_PATH >= ADDRESS_LENGTH) {
            throw new LinuxException("bind", Errno.ENAMETOOLONG, path);
        }
        final Fd fd = Sockets.open(Sockets.AF_UNIX, Sockets.SOCK_SEQPACKET, 0);
        try (Memory address = Memory.allocate(ADDRESS_LENGTH)) {
            address.buffer().putShort(0, (short) Sockets.AF_UNIX);
            address.buffer().putBytes(ADDRESS_PATH, bytes);
            SystemCall.check(SystemCall.call(call, fd.number(), address.address(), ADDRESS_LENGTH), call, path);
            if (call == SyscallNumber.BIND) {
                final long result = SystemCall.call(SyscallNumber.LISTEN, fd.number(), BACKLOG);
                SystemCall.check(result, SyscallNumber.LISTEN, path);
            }
            return new PacketSocket(fd);
        } catch (final LinuxException e) {
            fd.close();
            throw e;
        }
    }

    /** The next who connects; wait with {@link Poll} before. */
    public PacketSocket accept() {
        final long result = SystemCall.call(SyscallNumber.ACCEPT4, fd.number(), 0, 0, Sockets.SOCK_CLOEXEC);
        return new PacketSocket(Fd.own((int) SystemCall.check(result, SyscallNumber.ACCEPT4)));
    }

    /** To wait for packets with. */
    public Fd fd() {
        return fd;
    }

    /** The process at the other end. */
    public Peer peer() {
        final byte[] bytes = Sockets.option(fd.number(), Sockets.SOL_SOCKET, SO_PEERCRED, 12);
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        return new Peer(buffer.getInt(0), buffer.getInt(4), buffer.getInt(8));
    }

    /**
     * Sends a packet.
     *
     * @param descriptors that the other end gets copies of
     * @return false if nobody listens any more
     */
    public boolean send(final byte[] packet, final int offset, final int length, final List<Fd> descriptors) {
        final Memory block = memory();
        final UnsafeBuffer buffer = block.buffer();
        buffer.putBytes(BYTES, packet, offset, length);
        header(block, length);
        if (!descriptors.isEmpty()) {
            final int control = CONTROL_HEADER + descriptors.size() * Integer.BYTES;
            buffer.putLong(HEADER_CONTROL, block.address() + CONTROL);
            buffer.putLong(HEADER_CONTROL + Long.BYTES, control);
            buffer.putLong(CONTROL, control);
            buffer.putInt(CONTROL + Long.BYTES, Sockets.SOL_SOCKET);
            buffer.putInt(CONTROL + Long.BYTES + Integer.BYTES, SCM_RIGHTS);
            for (int i = 0; i < descriptors.size(); i++) {
                buffer.putInt(
                        CONTROL + CONTROL_HEADER + i * Integer.BYTES,
                        descriptors.get(i).number());
            }
        }
        long result;
        do {
            result =
                    SystemCall.call(SyscallNumber.SENDMSG, fd.number(), block.address() + HEADER, Sockets.MSG_NOSIGNAL);
        } while (result == -Errno.EINTR);
        if (result == -Errno.EPIPE || result == -Errno.ECONNRESET) {
            return false;
        }
        SystemCall.check(result, SyscallNumber.SENDMSG);
        return true;
    }

    /**
     * Takes the next packet; waits for it.
     *
     * @return its length, 0 at the end; what does not fit is lost
     */
    public int receive(final byte[] packet) {
        final Memory block = memory();
        header(block, Math.min(packet.length, LONGEST));
        long result;
        do {
            result = SystemCall.call(SyscallNumber.RECVMSG, fd.number(), block.address() + HEADER, 0);
        } while (result == -Errno.EINTR);
        if (result == -Errno.ECONNRESET) {
            return 0;
        }
        final int length = (int) SystemCall.check(result, SyscallNumber.RECVMSG);
        block.buffer().getBytes(BYTES, packet, 0, length);
        return length;
    }

    private static void header(final Memory block, final int length) {
        final UnsafeBuffer buffer = block.buffer();
        buffer.setMemory(0, CONTROL, (byte) 0);
        buffer.putLong(VECTOR, block.address() + BYTES);
        buffer.putLong(VECTOR + Long.BYTES, length);
        buffer.putLong(HEADER_VECTOR, block.address() + VECTOR);
        buffer.putLong(HEADER_VECTOR + Long.BYTES, 1);
    }

    private Memory memory() {
        Memory block = memory;
        if (block == null) {
            block = Memory.allocate(BYTES + LONGEST);
            memory = block;
        }
        return block;
    }

    @Override
    public void close() {
        fd.close();
        final Memory block = memory;
        if (block != null) {
            block.close();
            memory = null;
        }
    }
}
