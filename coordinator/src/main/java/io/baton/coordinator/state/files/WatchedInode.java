package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.FhEntry;
import io.baton.task.linux.FileStatus;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An inode as the kernel names it in the lines of inotify and fanotify: there is no path, only what open_by_handle_at(2)
 * takes.
 *
 * @param device of its file system, as the kernel keeps it: 12 bits major, 20 bits minor
 * @param inode number
 * @param type of the handle
 * @param handle its bytes
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record WatchedInode(int device, long inode, int type, byte[] handle) {
    private static final int HEX = 16;
    private static final int MINOR_BITS = 20;
    /** As many words as CRIU has in every entry. */
    private static final int WORDS = 16;

    /** From the fields of a line. */
    static WatchedInode of(Map<String, String> fields) {
        return new WatchedInode(
                Integer.parseUnsignedInt(fields.getOrDefault("sdev", "0"), HEX),
                Long.parseUnsignedLong(fields.getOrDefault("ino", "0"), HEX),
                Integer.parseUnsignedInt(fields.getOrDefault("fhandle-type", "0"), HEX),
                HexFormat.of().parseHex(fields.getOrDefault("f_handle", "")));
    }

    /** From an image. */
    static WatchedInode of(int device, long inode, FhEntry entry) {
        ByteBuffer bytes =
                ByteBuffer.allocate(entry.getHandleCount() * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        entry.getHandleList().forEach(bytes::putLong);
        byte[] handle = new byte[Math.max(0, Math.min(entry.getBytes(), bytes.capacity()))];
        bytes.get(0, handle);
        return new WatchedInode(device, inode, entry.getType(), handle);
    }

    /** Whether it is the inode with that status. */
    boolean is(FileStatus status) {
        return status.ino() == inode
                && device == (FileStatus.major(status.dev()) << MINOR_BITS | FileStatus.minor(status.dev()));
    }

    /** Without a path it is to be found by device and inode: among the files that had lost their names. */
    FhEntry entry(@Nullable String path) {
        ByteBuffer words = ByteBuffer.allocate(Math.max(WORDS * Long.BYTES, handle.length + Long.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        words.put(0, handle);
        FhEntry.Builder entry = FhEntry.newBuilder().setBytes(handle.length).setType(type);
        if (path != null) {
            entry.setPath(path);
        }
        for (int i = 0; i < words.capacity() / Long.BYTES; i++) {
            entry.addHandle(words.getLong(i * Long.BYTES));
        }
        return entry.build();
    }

    /** As mountinfo has it. */
    String mountDevice() {
        return (device >>> MINOR_BITS) + ":" + (device & ((1 << MINOR_BITS) - 1));
    }

    @Override
    public String toString() {
        return "device=" + mountDevice() + ", inode=" + inode;
    }
}
