package io.baton.task.linux;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * What the kernel tells of netlink sockets that have a port. Source: {@code linux/netlink_diag.h}.
 *
 * @param inode of the socket.
 * @param protocol such as {@code NETLINK_ROUTE}.
 * @param state 1: connected.
 * @param port its own.
 * @param peer port of the other end.
 * @param peerGroup number of the group that it is connected to; 0 for none.
 */
public record NetlinkDiag(int inode, int protocol, int state, int port, int peer, int peerGroup) {
    private static final int ALL_PROTOCOLS = 0xff;
    private static final int LENGTH = 28;

    /** All in the network namespace of the calling thread, by inode. */
    public static Map<Integer, NetlinkDiag> list() {
        final Map<Integer, NetlinkDiag> all = new HashMap<>();
        for (SocketDiag.Found found : SocketDiag.list(Sockets.AF_NETLINK, ALL_PROTOCOLS, 0, LENGTH)) {
            final ByteBuffer fixed = found.fixed();
            final int inode = fixed.getInt(16);
            all.put(
                    inode,
                    new NetlinkDiag(
                            inode, fixed.get(2), fixed.get(3), fixed.getInt(4), fixed.getInt(8), fixed.getInt(12)));
        }
        return all;
    }
}
