package io.baton.coordinator.state.files;

import io.baton.coordinator.state.tcp.Connection;
import io.baton.mktree.image.proto.InetSkEntry;
import io.baton.task.linux.Sockets;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Address and port of an internet socket.
 *
 * @param family {@code AF_INET} or {@code AF_INET6}
 * @param words of the address, in memory as the network has them: one or four
 * @param device that a link-local address counts for; empty for others
 */
record InternetAddress(int family, int port, List<Integer> words, String device) {
    private static final int LENGTH = 16;
    private static final int LENGTH_6 = 28;
    private static final int ADDRESS = 4;
    private static final int ADDRESS_6 = 8;
    private static final int SCOPE = 24;
    private static final int WORDS_6 = 4;

    /** That of a {@code struct sockaddr}. */
    static InternetAddress of(byte[] bytes) {
        ByteBuffer address = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int family = address.getShort(0);
        int port = Short.toUnsignedInt(Short.reverseBytes(address.getShort(2)));
        if (family == Sockets.AF_INET) {
            return new InternetAddress(family, port, List.of(address.getInt(ADDRESS)), "");
        }
        List<Integer> words = new ArrayList<>();
        for (int i = 0; i < WORDS_6; i++) {
            words.add(address.getInt(ADDRESS_6 + i * Integer.BYTES));
        }
        return new InternetAddress(family, port, words, device(address.getInt(SCOPE)));
    }

    /** No address at all. */
    static InternetAddress none(int family) {
        return new InternetAddress(family, 0, Collections.nCopies(family == Sockets.AF_INET ? 1 : WORDS_6, 0), "");
    }

    /** A socket's own, from an image. */
    static InternetAddress of(InetSkEntry isk) {
        return new InternetAddress(isk.getFamily(), isk.getSrcPort(), isk.getSrcAddrList(), isk.getIfname());
    }

    /** That of its other end, from an image. */
    static InternetAddress peerOf(InetSkEntry isk) {
        return new InternetAddress(isk.getFamily(), isk.getDstPort(), isk.getDstAddrList(), isk.getIfname());
    }

    /** Both ends, from an image. */
    static Connection connection(InetSkEntry isk) {
        return new Connection(
                Connection.end(isk.getSrcAddrList(), isk.getSrcPort()),
                Connection.end(isk.getDstAddrList(), isk.getDstPort()));
    }

    /** Where to send a packet that is to reach a socket from here; on the wire an IPv6 socket may be of IPv4. */
    static InternetAddress target(InetSkEntry isk, Connection connection) {
        int family = connection.isLong() ? Sockets.AF_INET6 : Sockets.AF_INET;
        List<Integer> words = isk.getSrcAddrList();
        List<Integer> own = connection.isLong() ? words : words.subList(words.size() - 1, words.size());
        return new InternetAddress(family, 0, own, isk.getIfname());
    }

    /** Whether an entry of an image has as many words as its family wants. */
    static boolean isComplete(InetSkEntry isk) {
        int words = isk.getFamily() == Sockets.AF_INET ? 1 : WORDS_6;
        return isk.getSrcAddrCount() == words && isk.getDstAddrCount() == words;
    }

    private static String device(int index) {
        if (index == 0) {
            return "";
        }
        try {
            NetworkInterface found = NetworkInterface.getByIndex(index);
            return found == null ? "" : found.getName();
        } catch (SocketException e) {
            return "";
        }
    }

    private int index() {
        if (device.isEmpty()) {
            return 0;
        }
        try {
            NetworkInterface found = NetworkInterface.getByName(device);
            return found == null ? 0 : found.getIndex();
        } catch (SocketException e) {
            return 0;
        }
    }

    /** {@code struct sockaddr_in} or {@code sockaddr_in6}. */
    byte[] encode() {
        boolean old = family == Sockets.AF_INET;
        ByteBuffer address = ByteBuffer.allocate(old ? LENGTH : LENGTH_6).order(ByteOrder.LITTLE_ENDIAN);
        address.putShort(0, (short) family).putShort(2, Short.reverseBytes((short) port));
        for (int i = 0; i < words.size(); i++) {
            address.putInt((old ? ADDRESS : ADDRESS_6) + i * Integer.BYTES, words.get(i));
        }
        if (!old) {
            address.putInt(SCOPE, index());
        }
        return address.array();
    }
}
