package io.baton.task.linux;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the kernel tells of packet sockets. Source: {@code linux/packet_diag.h}.
 *
 * @param inode of the socket.
 * @param type {@code SOCK_RAW} and so on.
 * @param protocol as in {@code linux/if_ether.h}.
 * @param device index of the device that it is bound to; 0: none, -1: one that is gone.
 * @param copyThreshold packets longer than that go to the queue, too, though there is a ring (PACKET_COPY_THRESH).
 * @param memberships what it has told devices to let through.
 * @param receive its ring for receiving, or null.
 * @param send its ring for sending, or null.
 * @param grouped whether it shares packets with others (PACKET_FANOUT).
 */
public record PacketDiag(
        int inode,
        int type,
        int protocol,
        int device,
        int copyThreshold,
        List<Membership> memberships,
        @Nullable Ring receive,
        @Nullable Ring send,
        boolean grouped) {
    private static final int SHOW = 0x01 | 0x02 | 0x04 | 0x08; // info, memberships, rings, fanout
    private static final int LENGTH = 16;
    private static final int INFO = 0;
    private static final int MEMBERSHIPS = 1;
    private static final int RECEIVE_RING = 2;
    private static final int SEND_RING = 3;
    private static final int FANOUT = 4;
    private static final int LONGEST_ADDRESS = 32;
    private static final int MEMBERSHIP_LENGTH = 12 + LONGEST_ADDRESS;

    /**
     * Something a device lets through for a socket.
     *
     * @param device its index.
     * @param count how many times it was asked for.
     * @param type {@code PACKET_MR_...}.
     * @param address of the hardware.
     */
    public record Membership(int device, int count, int type, ByteBuffer address) {}

    /** A ring's measures, as in {@code struct tpacket_req3}. */
    public record Ring(
            int blockSize, int blocks, int frameSize, int frames, int retireAfter, int privateSize, int features) {
        private static @Nullable Ring of(final @Nullable ByteBuffer ring) {
            return ring == null || ring.getInt(0) == 0
                    ? null
                    : new Ring(
                            ring.getInt(0),
                            ring.getInt(4),
                            ring.getInt(8),
                            ring.getInt(12),
                            ring.getInt(16),
                            ring.getInt(20),
                            ring.getInt(24));
        }
    }

    /** All in the network namespace of the calling thread, by inode. */
    public static Map<Integer, PacketDiag> list() {
        final Map<Integer, PacketDiag> all = new HashMap<>();
        for (SocketDiag.Found found : SocketDiag.list(Sockets.AF_PACKET, 0, SHOW, LENGTH)) {
            final ByteBuffer info = found.attribute(INFO);
            if (info == null) {
                continue;
            }
            final int inode = found.fixed().getInt(4);
            all.put(
                    inode,
                    new PacketDiag(
                            inode,
                            found.fixed().get(1),
                            found.fixed().getShort(2) & 0xffff,
                            info.getInt(0),
                            info.getInt(12),
                            memberships(found.attribute(MEMBERSHIPS)),
                            Ring.of(found.attribute(RECEIVE_RING)),
                            Ring.of(found.attribute(SEND_RING)),
                            found.attribute(FANOUT) != null));
        }
        return all;
    }

    private static List<Membership> memberships(final @Nullable ByteBuffer list) {
        final List<Membership> memberships = new ArrayList<>();
        for (int at = 0; list != null && at + MEMBERSHIP_LENGTH <= list.limit(); at += MEMBERSHIP_LENGTH) {
            final byte[] address = new byte[Math.min(LONGEST_ADDRESS, list.getShort(at + 10))];
            list.get(at + 12, address);
            memberships.add(new Membership(
                    list.getInt(at), list.getInt(at + 4), list.getShort(at + 8), ByteBuffer.wrap(address)));
        }
        return memberships;
    }
}
