package io.baton.coordinator.state.tcp;

import java.nio.ByteBuffer;

/**
 * A packet as the other end of a connection would send it, to bring our socket into a state that no option can set: that
 * the other end has said that it sends no more, or that it has got our saying so. Source: RFC 9293, 791, 8200.
 */
public final class FakeSegment {
    public static final int FIN = 1;
    public static final int ACK = 0x10;

    private static final int TCP = 6;
    private static final int TCP_LENGTH = 20;
    private static final int CHECKSUM_OFFSET = 16;
    private static final int IP_LENGTH = 20;
    private static final int IP6_LENGTH = 40;
    private static final int HOPS = 64;
    private static final int MOST = 0xffff;

    private FakeSegment() {}

    /**
     * The whole packet, IP header first.
     *
     * @param sequence of what it says
     * @param acknowledged what it has got of ours
     */
    public static byte[] encode(Connection connection, int sequence, int acknowledged, int flags) {
        byte[] from = connection.peer().getAddress().getAddress();
        byte[] to = connection.own().getAddress().getAddress();
        ByteBuffer tcp = ByteBuffer.allocate(TCP_LENGTH);
        tcp.putShort((short) connection.peer().getPort())
                .putShort((short) connection.own().getPort())
                .putInt(sequence)
                .putInt(acknowledged)
                .put((byte) ((TCP_LENGTH / Integer.BYTES) << 4))
                .put((byte) flags)
                .putShort((short) MOST);
        ByteBuffer pseudo = ByteBuffer.allocate(from.length + to.length + 2 * Integer.BYTES + TCP_LENGTH);
        pseudo.put(from).put(to).putInt(TCP_LENGTH).putInt(TCP).put(tcp.array());
        tcp.putShort(CHECKSUM_OFFSET, checksum(pseudo.array()));
        return header(from, to, tcp.array());
    }

    /** Of IPv4 the kernel fills in length and checksum. */
    private static byte[] header(byte[] from, byte[] to, byte[] tcp) {
        if (from.length == Integer.BYTES) {
            ByteBuffer packet = ByteBuffer.allocate(IP_LENGTH + TCP_LENGTH);
            packet.put((byte) 0x45).put((byte) 0).putShort((short) packet.capacity());
            packet.putInt(0).put((byte) HOPS).put((byte) TCP).putShort((short) 0);
            return packet.put(from).put(to).put(tcp).array();
        }
        ByteBuffer packet = ByteBuffer.allocate(IP6_LENGTH + TCP_LENGTH);
        packet.putInt(0x60000000).putShort((short) TCP_LENGTH).put((byte) TCP).put((byte) HOPS);
        return packet.put(from).put(to).put(tcp).array();
    }

    /** The sum of the internet, over an even number of bytes. */
    static short checksum(byte[] bytes) {
        long sum = 0;
        ByteBuffer words = ByteBuffer.wrap(bytes);
        while (words.hasRemaining()) {
            sum += words.getShort() & MOST;
        }
        while (sum > MOST) {
            sum = (sum & MOST) + (sum >>> Short.SIZE);
        }
        return (short) ~sum;
    }
}
