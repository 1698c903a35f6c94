package io.baton.coordinator.state.ghosts;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageWriter;
import io.baton.mktree.image.proto.GhostChunkEntry;
import io.baton.mktree.image.proto.GhostFileEntry;
import io.baton.mktree.image.proto.RemapType;
import io.baton.mktree.image.proto.Timeval;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Saves files without a name, each once, in CRIU's form: {@code ghost-file-ID.img}, and who it is in {@code remap-fpath.img}. Of
 * regular files all but the holes, of symbolic links where they lead, of devices their number; directories are empty.
 */
public final class GhostCapture {
    private static final int BLOCK = 512;
    private static final int MINOR_BITS = 20;
    private static final int PIECE = 1 << 20;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;

    private final TreeImage tree;
    private final Map<Key, Integer> ids = new HashMap<>();

    private record Key(long device, long inode) {}

    private GhostCapture(TreeImage tree) {
        this.tree = tree;
    }

    public static GhostCapture of(TreeImage tree) {
        return tree.shared(GhostCapture.class, () -> new GhostCapture(tree));
    }

    /** Whether a regular file has no name any more. */
    public static boolean is(FileStatus status) {
        return status.nlink() == 0 && status.type() == FileStatus.S_IFREG;
    }

    /**
     * Why a file without a name cannot be saved, or null.
     *
     * @param limit most bytes on disk
     */
    public static LostNames.@Nullable Fault fault(FileStatus status, long limit) {
        if (status.type() == FileStatus.S_IFSOCK) {
            return new LostNames.Fault("deleted", "");
        }
        long bytes = status.blocks() * BLOCK;
        return bytes <= limit || status.type() != FileStatus.S_IFREG
                ? null
                : new LostNames.Fault(
                        "deleted, and too large to be saved: bytes=" + bytes + ", at most " + limit,
                        "raise --ghost-limit");
    }

    /**
     * Saves what is in it, unless that is done already, and notes that the entry of that id stands for it.
     *
     * @param link that leads to it, below {@code /proc}
     */
    public void save(String link, FileStatus status, int fileId) {
        int ghost = ids.computeIfAbsent(new Key(status.dev(), status.ino()), key -> save(link, status));
        tree.addRemap(LostNames.remap(fileId, ghost, RemapType.GHOST));
    }

    private int save(String link, FileStatus status) {
        int id = ids.size() + 1;
        try (ImageWriter writer = tree.directory().writer(ImageKind.GHOST_FILE, id)) {
            writer.write(describe(link, status));
            if (status.type() == FileStatus.S_IFREG) {
                copy(link, status.size(), writer);
            }
        } catch (IOException e) {
            throw new BatonException(
                    ErrorCode.IMAGE_IO,
                    "cannot write the image: " + e.getMessage(),
                    "give another directory, or make room",
                    e);
        }
        return id;
    }

    private static GhostFileEntry describe(String link, FileStatus status) {
        GhostFileEntry.Builder entry = GhostFileEntry.newBuilder()
                .setUid(status.uid())
                .setGid(status.gid())
                .setMode(status.mode())
                .setDev(device(status.dev()))
                .setIno(status.ino())
                .setAtim(time(status.accessed()))
                .setMtim(time(status.modified()));
        switch (status.type()) {
            case FileStatus.S_IFREG -> entry.setChunks(true).setSize(status.size());
            case FileStatus.S_IFCHR, FileStatus.S_IFBLK -> entry.setRdev((int) status.rdev());
            case FileStatus.S_IFLNK -> {
                try (Fd file = Files.open(link, Files.O_PATH | Files.O_CLOEXEC)) {
                    entry.setSymlnkTarget(Files.readLinkAt(file.number(), ""));
                }
            }
            default -> {} // nothing is in it
        }
        return entry.build();
    }

    private static void copy(String link, long size, ImageWriter writer) throws IOException {
        try (Fd file = Files.open(link, Files.O_RDONLY | Files.O_CLOEXEC);
                Memory memory = Memory.allocate(PIECE)) {
            long start = data(file.number(), 0);
            while (start < size) {
                long end = Math.min(Files.seek(file.number(), start, SEEK_HOLE), size);
                while (start < end) {
                    int wanted = (int) Math.min(PIECE, end - start);
                    int count = Files.pread(file.number(), memory.address(), wanted, start);
                    if (count == 0) {
                        throw new LinuxException("pread", Errno.EIO, link);
                    }
                    byte[] bytes = new byte[count];
                    memory.buffer().getBytes(0, bytes);
                    writer.write(
                            GhostChunkEntry.newBuilder()
                                    .setLen(count)
                                    .setOff(start)
                                    .build(),
                            ByteBuffer.wrap(bytes));
                    start += count;
                }
                start = data(file.number(), end);
            }
        }
    }

    /** As the kernel keeps it, and tells it of what is watched: 12 bits major, 20 bits minor. */
    static int device(long device) {
        return FileStatus.major(device) << MINOR_BITS | FileStatus.minor(device);
    }

    private static Timeval time(FileStatus.TimeSpec time) {
        return Timeval.newBuilder()
                .setTvSec(time.seconds())
                .setTvUsec(TimeUnit.NANOSECONDS.toMicros(time.nanos()))
                .build();
    }

    /** Where the next data begins, or the greatest number there is. */
    private static long data(int file, long from) {
        try {
            return Files.seek(file, from, SEEK_DATA);
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENXIO) {
                return Long.MAX_VALUE;
            }
            throw e;
        }
    }
}
