package io.baton.coordinator.state;

/**
 * What a dump does about TCP connections, which cannot be saved; names as in CRIU.
 *
 * @param close they come back closed ({@code --tcp-close})
 * @param skipInFlight those that wait to be accepted are left out ({@code --skip-in-flight})
 */
public record TcpOptions(boolean close, boolean skipInFlight) {
    /** They are refused. */
    public static final TcpOptions NONE = new TcpOptions(false, false);
}
