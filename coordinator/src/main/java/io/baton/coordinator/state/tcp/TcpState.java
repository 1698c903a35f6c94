package io.baton.coordinator.state.tcp;

import java.util.List;

/** States of a TCP socket, as the kernel numbers them. Source: {@code tcp_states.h}. */
public final class TcpState {
    public static final int ESTABLISHED = 1;
    public static final int SYN_SENT = 2;
    public static final int FIN_WAIT1 = 4;
    public static final int FIN_WAIT2 = 5;
    public static final int CLOSE = 7;
    public static final int CLOSE_WAIT = 8;
    public static final int LAST_ACK = 9;
    public static final int LISTEN = 10;
    public static final int CLOSING = 11;

    private static final List<String> NAMES = List.of(
            "",
            "ESTABLISHED",
            "SYN_SENT",
            "SYN_RECV",
            "FIN_WAIT1",
            "FIN_WAIT2",
            "TIME_WAIT",
            "CLOSE",
            "CLOSE_WAIT",
            "LAST_ACK",
            "LISTEN",
            "CLOSING");

    private TcpState() {}

    /** Whether there is another end. */
    public static boolean isConnection(int state) {
        return state != CLOSE && state != LISTEN;
    }

    /** Whether a connection in that state can go on elsewhere. */
    public static boolean canGoOn(int state) {
        return switch (state) {
            case ESTABLISHED, SYN_SENT, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK, CLOSING -> true;
            default -> false;
        };
    }

    public static String name(int state) {
        return state > 0 && state < NAMES.size() ? NAMES.get(state) : "state " + state;
    }
}
