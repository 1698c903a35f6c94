package io.baton.coordinator.state.ghosts;

import io.baton.mktree.image.ImageEntry;
import io.baton.mktree.image.ImageReader;
import io.baton.mktree.image.proto.GhostChunkEntry;
import io.baton.mktree.image.proto.GhostFileEntry;
import io.baton.mktree.image.proto.Timeval;
import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/** Makes a file without a name as an image has it, under a name: its type, content, owner, permissions and times. */
final class GhostMaker {
    private static final int OWNER_ONLY = 0600;
    private static final int PERMISSIONS = 07777;
    private static final int TIMESPECS = 4 * Long.BYTES;

    private GhostMaker() {}

    /** Whether an image has all that it takes. */
    static boolean canMake(GhostFileEntry ghost) {
        return switch (ghost.getMode() & FileStatus.S_IFMT) {
            case FileStatus.S_IFREG -> !ghost.getChunks() || (ghost.hasSize() && ghost.getSize() >= 0);
            case FileStatus.S_IFDIR, FileStatus.S_IFIFO -> true;
            case FileStatus.S_IFCHR, FileStatus.S_IFBLK -> ghost.hasRdev();
            case FileStatus.S_IFLNK -> !ghost.getSymlnkTarget().isEmpty();
            default -> false;
        };
    }

    /** Makes it, empty; there must be nothing of that name. */
    static void make(String path, GhostFileEntry ghost) {
        int type = ghost.getMode() & FileStatus.S_IFMT;
        switch (type) {
            case FileStatus.S_IFDIR -> Files.makeDirectoryAt(Files.AT_FDCWD, path, OWNER_ONLY);
            case FileStatus.S_IFLNK -> link(ghost.getSymlnkTarget(), path);
            case FileStatus.S_IFREG -> {
                int flags = Files.O_WRONLY | Files.O_CREAT | Files.O_EXCL | Files.O_CLOEXEC;
                Files.open(path, flags, OWNER_ONLY).close();
            }
            default ->
                Files.makeNodeAt(Files.AT_FDCWD, path, type | OWNER_ONLY, Integer.toUnsignedLong(ghost.getRdev()));
        }
    }

    /**
     * Gives what was made its content, and then whose it is and what may be done with it.
     *
     * @param content what comes after the description
     * @param first the description, as it was read
     */
    static void fill(String path, GhostFileEntry ghost, ImageReader content, ImageEntry first) throws IOException {
        int type = ghost.getMode() & FileStatus.S_IFMT;
        if (type == FileStatus.S_IFREG) {
            try (Fd file = Files.open(path, Files.O_WRONLY | Files.O_NOFOLLOW | Files.O_CLOEXEC)) {
                fill(file.number(), ghost, content, first);
            }
        }
        try (Memory name = Memory.cString(path)) {
            SystemCall.check(
                    SystemCall.call(
                            SyscallNumber.FCHOWNAT,
                            Files.AT_FDCWD,
                            name.address(),
                            ghost.getUid(),
                            ghost.getGid(),
                            Files.AT_SYMLINK_NOFOLLOW),
                    SyscallNumber.FCHOWNAT,
                    path);
            if (type != FileStatus.S_IFLNK) {
                SystemCall.check(
                        SystemCall.call(
                                SyscallNumber.FCHMODAT, Files.AT_FDCWD, name.address(), ghost.getMode() & PERMISSIONS),
                        SyscallNumber.FCHMODAT,
                        path);
            }
            if (ghost.hasAtim() && ghost.hasMtim()) {
                setTimes(path, name, ghost);
            }
        }
    }

    private static void fill(int file, GhostFileEntry ghost, ImageReader content, ImageEntry first) throws IOException {
        if (!ghost.getChunks()) {
            write(file, content.payload(first), 0);
            return;
        }
        Files.truncate(file, ghost.getSize()); // it may end in a hole
        for (ImageEntry entry = content.next(); entry != null; entry = content.next()) {
            GhostChunkEntry chunk = (GhostChunkEntry) entry.message();
            ByteBuffer bytes = content.payload(entry);
            if (chunk.getOff() < 0 || chunk.getOff() > ghost.getSize() - bytes.limit()) {
                throw new IOException("content outside of it: offset=" + chunk.getOff() + ", bytes=" + bytes.limit()
                        + ", size=" + ghost.getSize());
            }
            write(file, bytes, chunk.getOff());
        }
    }

    private static void write(int file, ByteBuffer bytes, long offset) {
        ByteBuffer rest = bytes.duplicate().rewind();
        byte[] copy = new byte[rest.remaining()];
        rest.get(copy);
        try (Memory memory = Memory.allocate(Math.max(1, copy.length))) {
            memory.buffer().putBytes(0, copy);
            int done = 0;
            while (done < copy.length) {
                done += Files.pwrite(file, memory.address() + done, copy.length - done, offset + done);
            }
        }
    }

    private static void link(String target, String path) {
        try (Memory to = Memory.cString(target);
                Memory name = Memory.cString(path)) {
            long result = SystemCall.call(SyscallNumber.SYMLINKAT, to.address(), Files.AT_FDCWD, name.address());
            SystemCall.check(result, SyscallNumber.SYMLINKAT, path);
        }
    }

    private static void setTimes(String path, Memory name, GhostFileEntry ghost) {
        try (Memory times = Memory.allocate(TIMESPECS)) {
            put(times, 0, ghost.getAtim());
            put(times, 2 * Long.BYTES, ghost.getMtim());
            long result = SystemCall.call(
                    SyscallNumber.UTIMENSAT,
                    Files.AT_FDCWD,
                    name.address(),
                    times.address(),
                    Files.AT_SYMLINK_NOFOLLOW);
            SystemCall.check(result, SyscallNumber.UTIMENSAT, path);
        }
    }

    private static void put(Memory times, int at, Timeval time) {
        times.buffer().putLong(at, time.getTvSec());
        times.buffer().putLong(at + Long.BYTES, TimeUnit.MICROSECONDS.toNanos(time.getTvUsec()));
    }
}
