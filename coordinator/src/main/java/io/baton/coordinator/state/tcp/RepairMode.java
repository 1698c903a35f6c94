package io.baton.coordinator.state.tcp;

import io.baton.task.linux.Sockets;

/**
 * Names and numbers of TCP's repair mode, in which a socket's queues and sequence numbers can be read and written, and
 * closing it tells nobody. Source: {@code linux/tcp.h}.
 */
public final class RepairMode {
    public static final int SOL_TCP = 6;
    public static final int TCP_MAXSEG = 2;
    public static final int TCP_INFO = 11;
    public static final int TCP_REPAIR = 19;
    public static final int TCP_REPAIR_QUEUE = 20;
    public static final int TCP_QUEUE_SEQ = 21;
    public static final int TCP_REPAIR_OPTIONS = 22;
    public static final int TCP_TIMESTAMP = 24;
    public static final int TCP_REPAIR_WINDOW = 29;

    public static final int ON = 1;
    /** Out of it, with a packet that makes the other end answer. */
    public static final int OFF = 0;
    /** Out of it, and silently. */
    public static final int OFF_SILENTLY = -1;

    public static final int NO_QUEUE = 0;
    public static final int RECEIVED = 1;
    public static final int SENT = 2;

    /** Bits of {@code tcpi_options}. */
    public static final int WITH_TIMESTAMPS = 1;

    public static final int WITH_SACK = 2;
    public static final int WITH_SCALING = 4;

    private static final int SO_REUSEADDR = 2;

    private RepairMode() {}

    /** Whether the other end has said that it sends no more. */
    public static boolean hasReceivedEnd(int state) {
        return state == TcpState.CLOSE_WAIT || state == TcpState.LAST_ACK || state == TcpState.CLOSING;
    }

    /** Whether this end has. */
    public static boolean hasSentEnd(int state) {
        return state == TcpState.FIN_WAIT1
                || state == TcpState.FIN_WAIT2
                || state == TcpState.LAST_ACK
                || state == TcpState.CLOSING;
    }

    static void set(int fd, int mode) {
        Sockets.setOption(fd, SOL_TCP, TCP_REPAIR, mode);
    }

    /** Leaves it; the kernel forgets {@code SO_REUSEADDR} with that. */
    static void leave(int fd, int mode, boolean reuse) {
        set(fd, mode);
        if (reuse) {
            Sockets.setOption(fd, Sockets.SOL_SOCKET, SO_REUSEADDR, 1);
        }
    }

    static boolean reuses(int fd) {
        return Sockets.option(fd, Sockets.SOL_SOCKET, SO_REUSEADDR) != 0;
    }
}
