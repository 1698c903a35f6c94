package io.baton.coordinator.state.files;

import io.baton.coordinator.state.tcp.Connection;
import io.baton.coordinator.state.tcp.FakeSegment;
import io.baton.coordinator.state.tcp.NetworkLock;
import io.baton.coordinator.state.tcp.RepairMode;
import io.baton.coordinator.state.tcp.TcpState;
import io.baton.mktree.image.proto.InetSkEntry;
import io.baton.mktree.image.proto.SkOptsEntry;
import io.baton.mktree.image.proto.SkShutdown;
import io.baton.mktree.image.proto.TcpStreamEntry;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Restores a TCP connection in repair mode, in which it stays: the numbers, then connect(2), which tells nobody, options,
 * queues, window, and last what each end has said of its end. Source: {@code tcp(7)}, CRIU's {@code soccr}.
 */
final class TcpProgram {
    private static final int SHUT_RD = 0;
    private static final int SHUT_WR = 1;
    private static final int SOCK_RAW = 3;
    private static final int IPPROTO_RAW = 255;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int SO_MARK = 36;
    private static final int OPTION_SEGMENT = 2;
    private static final int OPTION_SCALES = 3;
    private static final int OPTION_SACK = 4;
    private static final int OPTION_TIMESTAMPS = 8;
    private static final int PIECE = 16 * 1024;
    private static final int LEAST_ROOM = 1 << 20;
    private static final int MOST_ROOM = 1 << 29;

    private final TaskDescriptors task;
    private final int fd;
    private InetSkEntry isk;
    private final TcpStreamEntry stream;
    private final ByteBuffer queues;
    private final int state;

    TcpProgram(TaskDescriptors task, int fd, InetSkEntry isk, TcpStream image) {
        this.task = task;
        this.fd = fd;
        this.isk = isk;
        this.stream = image.entry();
        this.queues = image.queues();
        this.state = isk.getState();
    }

    /** Without the sizes of buffers: they are set when all is in them. */
    static SkOptsEntry options(SkOptsEntry wanted, SkOptsEntry fresh) {
        SkOptsEntry.Builder options =
                wanted.toBuilder().setSoSndbuf(fresh.getSoSndbuf()).setSoRcvbuf(fresh.getSoRcvbuf());
        return options.clearSoBufLock().build();
    }

    /** Of a new socket whose options are set. */
    void compile(SkOptsEntry fresh) {
        begin();
        boolean begins = state == TcpState.SYN_SENT;
        sequence(RepairMode.RECEIVED, received() - stream.getInqLen());
        sequence(RepairMode.SENT, sent() - stream.getOutqLen() - (begins ? 1 : 0));
        if (begins) {
            option(RepairMode.TCP_REPAIR, RepairMode.OFF_SILENTLY);
            connect(Errno.EINPROGRESS);
            option(RepairMode.TCP_REPAIR, RepairMode.ON);
        } else {
            connect(0);
            options();
            queues();
            window();
            ends();
        }
        buffers(fresh);
        if (isk.hasShutdown() && isk.getShutdown() == SkShutdown.READ) {
            shutdown(SHUT_RD);
        }
    }

    /**
     * What is left to be read of a connection that is no more: with a made-up other end, which then says that it sends no
     * more, and that it has got our saying so.
     *
     * @param port of the other end
     */
    void compileEnded(SkOptsEntry fresh, int port) {
        isk = isk.toBuilder()
                .clearDstAddr()
                .addAllDstAddr(isk.getSrcAddrList())
                .setDstPort(port)
                .build();
        begin();
        sequence(RepairMode.RECEIVED, received() - stream.getInqLen());
        sequence(RepairMode.SENT, sent());
        connect(0);
        queues();
        fake(FakeSegment.FIN | FakeSegment.ACK, sent());
        sendEnd();
        fakeAfter(FakeSegment.ACK, sent() + 1);
        option(RepairMode.TCP_REPAIR, RepairMode.OFF_SILENTLY);
        // Its port must not be in the way of a server that it came from.
        SocketOptions.number(task, fd, Sockets.SOL_SOCKET, SocketOptions.SO_REUSEADDR, 1);
        buffers(fresh);
    }

    private void begin() {
        long bytes = Integer.toUnsignedLong(stream.getInqLen()) + Integer.toUnsignedLong(stream.getOutqLen());
        int room = (int) Math.min(MOST_ROOM, LEAST_ROOM + 4 * bytes);
        SocketOptions.number(task, fd, Sockets.SOL_SOCKET, SO_RCVBUFFORCE, room);
        SocketOptions.number(task, fd, Sockets.SOL_SOCKET, SO_SNDBUFFORCE, room);
        option(RepairMode.TCP_REPAIR, RepairMode.ON);
        InternetSocket.address(task, SyscallNumber.BIND, fd, InternetAddress.of(isk));
    }

    private void buffers(SkOptsEntry fresh) {
        SkOptsEntry none = fresh.toBuilder().setSoSndbuf(0).setSoRcvbuf(0).build();
        SocketOptions.buffers(task, fd, isk.getOpts(), none, true);
    }

    /** The number of the next byte from the other end, its end not counted. */
    private int received() {
        return stream.getInqSeq() - (RepairMode.hasReceivedEnd(state) ? 1 : 0);
    }

    /** The number of our next byte, our end not counted. */
    private int sent() {
        return stream.getOutqSeq() - (RepairMode.hasSentEnd(state) ? 1 : 0);
    }

    private void option(int name, int value) {
        SocketOptions.number(task, fd, RepairMode.SOL_TCP, name, value);
    }

    private void sequence(int queue, int number) {
        option(RepairMode.TCP_REPAIR_QUEUE, queue);
        option(RepairMode.TCP_QUEUE_SEQ, number);
    }

    private void connect(int errno) {
        byte[] peer = InternetAddress.peerOf(isk).encode();
        ProgramBuilder block = task.block();
        int data = block.bytes(peer);
        block.call(SyscallNumber.CONNECT).value(fd).data(data).value(peer.length);
        if (errno == 0) {
            block.expect(0);
        } else {
            block.orErrno(errno);
        }
    }

    private void options() {
        List<Integer> options = new ArrayList<>();
        int mask = stream.getOptMask();
        if ((mask & RepairMode.WITH_SACK) != 0) {
            options.addAll(List.of(OPTION_SACK, 0));
        }
        if ((mask & RepairMode.WITH_SCALING) != 0) {
            options.addAll(List.of(OPTION_SCALES, stream.getSndWscale() | (stream.getRcvWscale() << Short.SIZE)));
        }
        if ((mask & RepairMode.WITH_TIMESTAMPS) != 0) {
            options.addAll(List.of(OPTION_TIMESTAMPS, 0));
        }
        options.addAll(List.of(OPTION_SEGMENT, stream.getMssClamp()));
        numbers(
                RepairMode.TCP_REPAIR_OPTIONS,
                options.stream().mapToInt(Integer::intValue).toArray());
        if ((mask & RepairMode.WITH_TIMESTAMPS) != 0) {
            option(RepairMode.TCP_TIMESTAMP, stream.getTimestamp());
        }
    }

    private void numbers(int name, int... values) {
        ProgramBuilder block = task.block();
        int data = block.ints(values);
        block.call(SyscallNumber.SETSOCKOPT)
                .value(fd)
                .value(RepairMode.SOL_TCP)
                .value(name)
                .data(data)
                .value((long) values.length * Integer.BYTES)
                .expect(0);
    }

    /** What has been sent may be acknowledged any time; what has not is sent as by anybody, once there is a window. */
    private void queues() {
        int in = stream.getInqLen();
        int all = in + stream.getOutqLen();
        int unsent = all - stream.getUnsqLen();
        if (in > 0) {
            option(RepairMode.TCP_REPAIR_QUEUE, RepairMode.RECEIVED);
            send(0, in);
        }
        if (unsent > in) {
            option(RepairMode.TCP_REPAIR_QUEUE, RepairMode.SENT);
            send(in, unsent);
        }
        if (all > unsent) {
            option(RepairMode.TCP_REPAIR, RepairMode.OFF_SILENTLY);
            send(unsent, all);
            option(RepairMode.TCP_REPAIR, RepairMode.ON);
        }
    }

    private void send(int from, int to) {
        for (int at = from; at < to; at += PIECE) {
            byte[] piece = new byte[Math.min(PIECE, to - at)];
            queues.get(at, piece);
            ProgramBuilder block = task.nextBlock();
            int data = block.bytes(piece);
            block.call(SyscallNumber.SENDTO)
                    .value(fd)
                    .data(data)
                    .value(piece.length)
                    .value(Sockets.MSG_DONTWAIT | Sockets.MSG_NOSIGNAL)
                    .value(0)
                    .value(0)
                    .expect(piece.length);
        }
        task.nextBlock();
    }

    /** With room for the other end's end, which is still to come. */
    private void window() {
        if (!stream.hasSndWnd()) {
            return; // of a kernel that had no such option
        }
        int end = RepairMode.hasReceivedEnd(state) ? 1 : 0;
        numbers(
                RepairMode.TCP_REPAIR_WINDOW,
                stream.getSndWl1(),
                stream.getSndWnd(),
                stream.getMaxWindow(),
                stream.getRcvWnd() + end,
                stream.getRcvWup() - end);
    }

    private void ends() {
        switch (state) {
            case TcpState.FIN_WAIT1 -> sendEnd();
            case TcpState.FIN_WAIT2 -> {
                sendEnd();
                fake(FakeSegment.ACK, stream.getOutqSeq());
            }
            case TcpState.CLOSE_WAIT -> fake(FakeSegment.FIN | FakeSegment.ACK, sent() - stream.getOutqLen());
            case TcpState.LAST_ACK -> {
                fake(FakeSegment.FIN | FakeSegment.ACK, sent() - stream.getOutqLen());
                sendEnd();
            }
            case TcpState.CLOSING -> {
                sendEnd();
                fake(FakeSegment.FIN | FakeSegment.ACK, sent() - stream.getOutqLen());
            }
            default -> {
                // nobody has said so
            }
        }
    }

    /** As one that has been sent, unless there is data before it that has not. */
    private void sendEnd() {
        if (stream.getUnsqLen() == 0) {
            option(RepairMode.TCP_REPAIR_QUEUE, RepairMode.SENT);
        }
        shutdown(SHUT_WR);
        option(RepairMode.TCP_REPAIR_QUEUE, RepairMode.NO_QUEUE);
    }

    private void shutdown(int how) {
        task.block().call(SyscallNumber.SHUTDOWN).value(fd).value(how).expect(0);
    }

    private void fake(int flags, int acknowledged) {
        fake(flags, received(), acknowledged);
    }

    /** After its end. */
    private void fakeAfter(int flags, int acknowledged) {
        fake(flags, received() + 1, acknowledged);
    }

    private void fake(int flags, int sequence, int acknowledged) {
        Connection connection = InternetAddress.connection(isk);
        byte[] packet = FakeSegment.encode(connection, sequence, acknowledged, flags);
        byte[] address = InternetAddress.target(isk, connection).encode();
        ProgramBuilder block = task.nextBlock();
        block.call(SyscallNumber.SOCKET)
                .value(connection.isLong() ? Sockets.AF_INET6 : Sockets.AF_INET)
                .value(SOCK_RAW | Sockets.SOCK_CLOEXEC)
                .value(IPPROTO_RAW);
        Handle raw = task.expectOpened(true);
        SocketOptions.number(task, raw.fd(), Sockets.SOL_SOCKET, SO_MARK, NetworkLock.MARK);
        int data = block.bytes(packet);
        int target = block.bytes(address);
        block.call(SyscallNumber.SENDTO)
                .value(raw.fd())
                .data(data)
                .value(packet.length)
                .value(0)
                .data(target)
                .value(address.length)
                .expect(packet.length);
        task.close(raw);
    }
}
