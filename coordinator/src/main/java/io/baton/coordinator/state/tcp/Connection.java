package io.baton.coordinator.state.tcp;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** The two ends of a TCP connection. IPv4 addresses inside IPv6 ones are IPv4 here, as on the wire. */
public record Connection(InetSocketAddress own, InetSocketAddress peer) {
    /** An end, from words of an address in memory as the network has them: one or four. */
    public static InetSocketAddress end(List<Integer> words, int port) {
        ByteBuffer bytes = ByteBuffer.allocate(words.size() * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        words.forEach(bytes::putInt);
        try {
            return new InetSocketAddress(InetAddress.getByAddress(bytes.array()), port);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("not an address: words=" + words.size(), e);
        }
    }

    /** Whether its packets are of IPv6. */
    public boolean isLong() {
        return peer.getAddress().getAddress().length > Integer.BYTES;
    }
}
