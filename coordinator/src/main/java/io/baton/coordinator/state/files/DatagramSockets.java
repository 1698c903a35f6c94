package io.baton.coordinator.state.files;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.namespaces.Namespace;
import io.baton.coordinator.state.namespaces.Visit;
import io.baton.mktree.image.proto.SkShutdown;
import io.baton.task.linux.Identity;
import io.baton.task.linux.InetDiag;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/** The datagram sockets of the internet of a tree that is dumped: what only diag tells of them, asked once for each protocol. */
final class DatagramSockets {
    private final Map<Integer, Map<Integer, Integer>> shutdowns = new HashMap<>();

    /** Which directions are shut. */
    SkShutdown shutdown(OpenFile file, int protocol) {
        int shut = shutdowns
                .computeIfAbsent(protocol, key -> list(file.process(), key))
                .getOrDefault((int) file.status().ino(), 0);
        return Objects.requireNonNullElse(SkShutdown.forNumber(shut), SkShutdown.NONE);
    }

    private static Map<Integer, Integer> list(SeizedProcess process, int protocol) {
        boolean ours = process.readLink("ns/net").equals(process.proc().readLink(Identity.pid(), "ns/net"));
        Supplier<Map<Integer, Integer>> list = () -> InetDiag.shutdowns(protocol);
        return ours ? list.get() : Visit.of(process.procId(), Namespace.NET, list);
    }
}
