package io.baton.mktree.image;

import com.google.protobuf.Message;
import io.baton.mktree.image.proto.BpfmapDataEntry;
import io.baton.mktree.image.proto.GhostChunkEntry;
import io.baton.mktree.image.proto.GhostFileEntry;
import io.baton.mktree.image.proto.IpcMsg;
import io.baton.mktree.image.proto.IpcMsgEntry;
import io.baton.mktree.image.proto.IpcSemEntry;
import io.baton.mktree.image.proto.IpcShmEntry;
import io.baton.mktree.image.proto.PipeDataEntry;
import io.baton.mktree.image.proto.SkPacketEntry;
import io.baton.mktree.image.proto.TcpStreamEntry;
import java.io.IOException;

/**
 * How many raw bytes follow an entry. The length is a field of the entry, but for two kinds: an unchunked ghost file's
 * contents reach to the end of the file, and a SysV message queue's are messages with a size word each.
 */
final class ImagePayload {
    /** Length that reaches to the end of the file. */
    static final long TO_END = -1;
    /** Length that only the payload itself tells, see {@link #messageQueue}. */
    static final long NESTED = -2;

    private ImagePayload() {}

    /** Length in bytes, padding included, of what follows {@code entry}; or {@link #TO_END}, or {@link #NESTED}. */
    static long declared(ImageKind kind, Message entry) {
        return switch (kind) {
            case PIPES_DATA, FIFO_DATA -> unsigned(((PipeDataEntry) entry).getBytes());
            case SK_QUEUES -> unsigned(((SkPacketEntry) entry).getLength());
            case TCP_STREAM -> {
                TcpStreamEntry tcp = (TcpStreamEntry) entry;
                yield unsigned(tcp.getInqLen()) + unsigned(tcp.getOutqLen());
            }
            case BPFMAP_DATA -> {
                BpfmapDataEntry map = (BpfmapDataEntry) entry;
                yield unsigned(map.getKeysBytes()) + unsigned(map.getValuesBytes());
            }
            case IPCNS_SHM -> {
                IpcShmEntry shm = (IpcShmEntry) entry;
                yield shm.getInPagemaps() ? 0 : padded(shm.getSize(), 4);
            }
            case IPCNS_SEM -> padded(2 * unsigned(((IpcSemEntry) entry).getNsems()), 8);
            case IPCNS_MSG -> ((IpcMsgEntry) entry).getQnum() == 0 ? 0 : NESTED;
            case GHOST_FILE ->
                entry instanceof GhostChunkEntry chunk
                        ? clamped(chunk.getLen())
                        : ((GhostFileEntry) entry).getChunks() ? 0 : TO_END;
            default -> 0;
        };
    }

    /** Length of the messages of a SysV queue that begin at {@code start}. */
    static long messageQueue(IpcMsgEntry queue, ImageReader reader, long start) throws IOException {
        long count = unsigned(queue.getQnum());
        long at = start;
        for (long i = 0; i < count; i++) {
            IpcMsg message = (IpcMsg) reader.message(at, IpcMsg.getDefaultInstance());
            long data = reader.afterMessage(at);
            long size = padded(unsigned(message.getMsize()), 8);
            reader.require(data, size, "payload");
            at = data + size;
        }
        return at - start;
    }

    /** Whether {@code entry} is followed by a payload, were it of no bytes. */
    static boolean follows(ImageKind kind, Message entry) {
        return switch (kind) {
            case PIPES_DATA, FIFO_DATA, SK_QUEUES, TCP_STREAM, BPFMAP_DATA, IPCNS_SEM, IPCNS_MSG -> true;
            case IPCNS_SHM -> !((IpcShmEntry) entry).getInPagemaps();
            case GHOST_FILE -> entry instanceof GhostChunkEntry || !((GhostFileEntry) entry).getChunks();
            default -> false;
        };
    }

    static long unsigned(int value) {
        return Integer.toUnsignedLong(value);
    }

    /** Rounded up to a multiple of {@code unit}, a power of two; more than any file holds stays so. */
    static long padded(long size, int unit) {
        return size < 0 || size > Long.MAX_VALUE - unit ? Long.MAX_VALUE : (size + unit - 1) & -unit;
    }

    private static long clamped(long size) {
        return size < 0 ? Long.MAX_VALUE : size;
    }
}
