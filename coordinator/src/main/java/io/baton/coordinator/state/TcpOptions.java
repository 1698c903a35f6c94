package io.baton.coordinator.state;

/**
 * What is done about TCP connections; names as in CRIU. Without any of it they are refused.
 *
 * @param established they go on ({@code --tcp-established})
 * @param close they come back closed ({@code --tcp-close})
 * @param skipInFlight those that wait to be accepted are left out ({@code --skip-in-flight})
 * @param lock their packets are held off meanwhile (not with {@code --network-lock skip})
 */
public record TcpOptions(boolean established, boolean close, boolean skipInFlight, boolean lock) {
    /** They are refused. */
    public static final TcpOptions NONE = new TcpOptions(false, false, false, true);
    /** They go on. */
    public static final TcpOptions ESTABLISHED = new TcpOptions(true, false, false, true);
    /** They come back closed. */
    public static final TcpOptions CLOSE = new TcpOptions(false, true, true, true);
}
