package io.baton.coordinator.cli;

import io.baton.coordinator.state.TcpOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a restore does about connections. */
final class RestoreConnectionOptions {
    @Option(names = "--tcp-established", description = "TCP connections go on where they were.")
    private boolean established;

    @Option(names = "--tcp-close", description = "TCP connections come back closed: whoever reads finds their end.")
    private boolean close;

    @Option(
            names = {"-x", "--ext-unix-sk"},
            description = "Unix datagram sockets are connected again to those outside the tree, by their names.")
    boolean externalUnix;

    @Mixin
    private final NetworkLockOption lock = new NetworkLockOption();

    TcpOptions options() {
        return new TcpOptions(established, close, false, lock.locks());
    }
}
