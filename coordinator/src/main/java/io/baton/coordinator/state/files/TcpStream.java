package io.baton.coordinator.state.files;

import io.baton.coordinator.state.tcp.TcpState;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageEntry;
import io.baton.mktree.image.ImageException;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageReader;
import io.baton.mktree.image.proto.InetSkEntry;
import io.baton.mktree.image.proto.TcpStreamEntry;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A connection as {@code tcp-stream-INODE.img} has it.
 *
 * @param queues what was received, then what was sent
 */
record TcpStream(TcpStreamEntry entry, ByteBuffer queues) {
    /** Beyond what a kernel would hold (bytes). */
    private static final long MOST = 1L << 28;

    private static final int MOST_SCALE = 14;
    private static final int MOST_SEGMENT = 0xffff;

    static boolean isIn(ImageDirectory directory, InetSkEntry isk) {
        return directory.has(ImageKind.TCP_STREAM, Integer.toUnsignedLong(isk.getIno()));
    }

    /** Reads and checks it. */
    static TcpStream read(ImageDirectory directory, InetSkEntry isk) throws IOException {
        long inode = Integer.toUnsignedLong(isk.getIno());
        try (ImageReader reader = directory.read(ImageKind.TCP_STREAM, inode)) {
            ImageEntry first = reader.next();
            if (first == null || first.payloadSize() > MOST) {
                throw new ImageException(
                        directory.path(ImageKind.TCP_STREAM, inode).toString(), 0, "no connection, or too long");
            }
            TcpStreamEntry entry = (TcpStreamEntry) first.message();
            String fault = fault(entry, isk.getState());
            if (!fault.isEmpty()) {
                throw new ImageException(
                        directory.path(ImageKind.TCP_STREAM, inode).toString(), 0, fault);
            }
            return new TcpStream(entry, reader.payload(first).slice());
        }
    }

    private static String fault(TcpStreamEntry entry, int state) {
        if (Integer.compareUnsigned(entry.getUnsqLen(), entry.getOutqLen()) > 0) {
            return "more unsent than there is: " + Integer.toUnsignedString(entry.getUnsqLen());
        } else if (Integer.compareUnsigned(entry.getSndWscale(), MOST_SCALE) > 0
                || Integer.compareUnsigned(entry.getRcvWscale(), MOST_SCALE) > 0) {
            return "no such scale of a window";
        } else if (state != TcpState.SYN_SENT && (entry.getMssClamp() <= 0 || entry.getMssClamp() > MOST_SEGMENT)) {
            return "no such size of a segment: " + Integer.toUnsignedString(entry.getMssClamp());
        } else if (state == TcpState.FIN_WAIT2 && entry.getOutqLen() != 0) {
            return "its end is acknowledged, but not what was sent before";
        }
        return "";
    }
}
