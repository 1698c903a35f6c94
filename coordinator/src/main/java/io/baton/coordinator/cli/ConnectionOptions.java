package io.baton.coordinator.cli;

import io.baton.coordinator.state.TcpOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a dump does about TCP connections. */
final class ConnectionOptions {
    @Option(
            names = "--tcp-established",
            description = "TCP connections go on. Until the restore packets are held off. Restore wants it, too.")
    private boolean established;

    @Option(
            names = "--tcp-close",
            description = "TCP connections come back closed: whoever reads finds their end. Restore wants it, too.")
    private boolean close;

    @Option(
            names = "--skip-in-flight",
            description = "Leave out TCP connections that wait to be accepted: their other ends find them reset.")
    private boolean skipInFlight;

    @Mixin
    private final NetworkLockOption lock = new NetworkLockOption();

    TcpOptions options() {
        return new TcpOptions(established, close, skipInFlight, lock.locks());
    }
}
