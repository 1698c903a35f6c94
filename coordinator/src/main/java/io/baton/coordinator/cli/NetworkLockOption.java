package io.baton.coordinator.cli;

import picocli.CommandLine.Option;

/** How packets of connections are held off; names as in CRIU. */
final class NetworkLockOption {
    /** The ways there are. Under the other name that CRIU has for it, we do the same. */
    enum Method {
        nftables,
        iptables,
        skip
    }

    @Option(
            names = "--network-lock",
            paramLabel = "METHOD",
            defaultValue = "nftables",
            description =
                    "How to hold off the packets of connections that go on: ${COMPLETION-CANDIDATES} "
                            + "(default: ${DEFAULT-VALUE}; iptables is the same). With skip you have to see to it that none arrive.")
    private Method method = Method.nftables;

    boolean locks() {
        return method != Method.skip;
    }
}
