package io.baton.coordinator.state.files;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.namespaces.Namespace;
import io.baton.coordinator.state.namespaces.Visit;
import io.baton.task.linux.Identity;
import io.baton.task.linux.NetlinkDiag;
import io.baton.task.linux.PacketDiag;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the kernel says of the netlink and packet sockets of a tree that is dumped, each family asked once. */
final class KernelSockets {
    private @Nullable Map<Integer, NetlinkDiag> netlink;
    private @Nullable Map<Integer, PacketDiag> packets;

    /** Null for a netlink socket without a port. */
    @Nullable
    NetlinkDiag netlink(OpenFile file) {
        Map<Integer, NetlinkDiag> known = netlink;
        if (known == null) {
            known = list(file.process(), NetlinkDiag::list);
            netlink = known;
        }
        return known.get((int) file.status().ino());
    }

    /** Null if this kernel does not tell of packet sockets, or this one is of another network namespace. */
    @Nullable
    PacketDiag packet(OpenFile file) {
        Map<Integer, PacketDiag> known = packets;
        if (known == null) {
            known = list(file.process(), PacketDiag::list);
            packets = known;
        }
        return known.get((int) file.status().ino());
    }

    /** Of the network namespace that the tree is in. */
    static <T> T list(SeizedProcess process, Supplier<T> lister) {
        int self = Identity.pid();
        boolean ours = process.readLink("ns/net").equals(process.proc().readLink(self, "ns/net"));
        return ours ? lister.get() : Visit.of(process.procId(), Namespace.NET, lister);
    }
}
