package io.baton.coordinator.state.tcp;

import io.baton.mktree.image.proto.TcpStreamEntry;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the kernel knows of a connection: numbers and both queues. The socket is in repair mode only for that moment; its
 * process stands still, and its packets are held off.
 *
 * <pre>
 *   received: read by the process | inqLen bytes | inqSeq: next from the net
 *   sent:     acknowledged | outqLen bytes, the last unsqLen of them not sent yet | outqSeq: next from the process
 * </pre>
 *
 * @param state of the socket
 * @param queues what was received, then what was sent
 */
public record CapturedStream(int state, TcpStreamEntry entry, ByteBuffer queues) {
    private static final int INFO_LENGTH = 8;
    private static final int INFO_OPTIONS = 5;
    private static final int INFO_SCALES = 6;
    private static final int WINDOW_LENGTH = 20;
    private static final int LEAST_SEGMENT = 536;
    private static final int SO_PEEK_OFF = 42;
    private static final int SIOCINQ = 0x541b;
    private static final int SIOCOUTQ = 0x5411;
    private static final int SIOCOUTQNSD = 0x894b;

    /** Reads a socket; afterwards it is as it was. */
    static CapturedStream read(int fd) {
        boolean reuse = RepairMode.reuses(fd);
        int peekAt = Sockets.option(fd, Sockets.SOL_SOCKET, SO_PEEK_OFF);
        if (peekAt >= 0) {
            Sockets.setOption(fd, Sockets.SOL_SOCKET, SO_PEEK_OFF, -1);
        }
        RepairMode.set(fd, RepairMode.ON);
        try {
            return readInRepair(fd);
        } finally {
            RepairMode.leave(fd, RepairMode.OFF_SILENTLY, reuse);
            if (peekAt >= 0) {
                Sockets.setOption(fd, Sockets.SOL_SOCKET, SO_PEEK_OFF, peekAt);
            }
        }
    }

    /** Reads what is left of a connection that is no more; the numbers mean nothing. */
    public static CapturedStream readEnded(int fd) {
        int length = size(fd, SIOCINQ);
        TcpStreamEntry entry = TcpStreamEntry.newBuilder()
                .setInqLen(length)
                .setInqSeq(1)
                .setOutqLen(0)
                .setOutqSeq(1)
                .setUnsqLen(0)
                .setOptMask(0)
                .setSndWscale(0)
                .setMssClamp(LEAST_SEGMENT)
                .build();
        ByteBuffer queue = ByteBuffer.allocate(length);
        peek(fd, length, queue);
        return new CapturedStream(TcpState.CLOSE, entry, queue.flip());
    }

    private static CapturedStream readInRepair(int fd) {
        byte[] info = Sockets.option(fd, RepairMode.SOL_TCP, RepairMode.TCP_INFO, INFO_LENGTH);
        int state = info[0];
        int inq = size(fd, SIOCINQ);
        int outq = size(fd, SIOCOUTQ);
        int unsent = size(fd, SIOCOUTQNSD);
        if (RepairMode.hasSentEnd(state)) { // which has a number of its own, like a byte
            outq = Math.max(0, outq - 1);
            unsent = Math.max(0, unsent - 1);
        }
        TcpStreamEntry.Builder entry = TcpStreamEntry.newBuilder()
                .setInqLen(inq)
                .setOutqLen(outq)
                .setUnsqLen(unsent)
                .setOptMask(info[INFO_OPTIONS])
                .setSndWscale(0)
                .setMssClamp(Sockets.option(fd, RepairMode.SOL_TCP, RepairMode.TCP_MAXSEG));
        if ((entry.getOptMask() & RepairMode.WITH_SCALING) != 0) {
            entry.setSndWscale(info[INFO_SCALES] & 0xf).setRcvWscale((info[INFO_SCALES] >> 4) & 0xf);
        }
        if ((entry.getOptMask() & RepairMode.WITH_TIMESTAMPS) != 0) {
            entry.setTimestamp(Sockets.option(fd, RepairMode.SOL_TCP, RepairMode.TCP_TIMESTAMP));
        }
        readWindow(fd, entry);
        ByteBuffer queues = ByteBuffer.allocate(inq + outq);
        entry.setInqSeq(readQueue(fd, RepairMode.RECEIVED, inq, queues));
        entry.setOutqSeq(readQueue(fd, RepairMode.SENT, outq, queues));
        return new CapturedStream(state, entry.build(), queues.flip());
    }

    private static void readWindow(int fd, TcpStreamEntry.Builder entry) {
        ByteBuffer window = ByteBuffer.wrap(
                        Sockets.option(fd, RepairMode.SOL_TCP, RepairMode.TCP_REPAIR_WINDOW, WINDOW_LENGTH))
                .order(ByteOrder.LITTLE_ENDIAN);
        entry.setSndWl1(window.getInt())
                .setSndWnd(window.getInt())
                .setMaxWindow(window.getInt())
                .setRcvWnd(window.getInt())
                .setRcvWup(window.getInt());
    }

    private static int readQueue(int fd, int queue, int length, ByteBuffer target) {
        Sockets.setOption(fd, RepairMode.SOL_TCP, RepairMode.TCP_REPAIR_QUEUE, queue);
        int sequence = Sockets.option(fd, RepairMode.SOL_TCP, RepairMode.TCP_QUEUE_SEQ);
        peek(fd, length, target);
        return sequence;
    }

    private static void peek(int fd, int length, ByteBuffer target) {
        if (length == 0) {
            return;
        }
        try (Memory memory = Memory.allocate(length + 1)) {
            int flags = Sockets.MSG_PEEK | Sockets.MSG_DONTWAIT;
            long read = SystemCall.call(SyscallNumber.RECVFROM, fd, memory.address(), memory.length(), flags, 0, 0);
            SystemCall.check(read, SyscallNumber.RECVFROM, "fd", fd);
            if (read != length) {
                throw new LinuxException("recvfrom", Errno.EIO, "bytes=" + read + ", expected=" + length);
            }
            memory.buffer().getBytes(0, target, length);
        }
    }

    private static int size(int fd, int request) {
        try (Memory count = Memory.allocate(Integer.BYTES)) {
            Files.ioctl(fd, request, count.address());
            return count.buffer().getInt(0);
        } catch (LinuxException e) {
            return 0; // of a socket that is not connected yet
        }
    }
}
