package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.FileLockEntry;
import org.jspecify.annotations.Nullable;

/**
 * A lock on a file, or a lease, as a line of {@code /proc/PID/fdinfo/FD} or {@code /proc/locks} has it.
 *
 * @param kind one of CRIU's {@code FL_...}; 0 for what is none of these
 * @param type {@code F_RDLCK} (0), {@code F_WRLCK} (1) or {@code F_UNLCK} (2); of a lease that is being broken, what is asked of its holder
 * @param breaking whether somebody waits for the lease to be given up
 * @param pid of the process that has made it, in our own numbers; -1 of a lock that belongs to a description
 * @param file device and inode, as {@code MAJOR:MINOR:INODE}
 * @param start first byte
 * @param length in bytes; 0: up to the end of the file, wherever that is
 * @param text the line itself
 */
record FileLock(int kind, int type, boolean breaking, int pid, String file, long start, long length, String text) {
    static final int POSIX = 1;
    static final int FLOCK = 2;
    static final int OFD = 4;
    static final int LEASE = 8;
    /** In CRIU's images, a bit of the type. */
    static final int BREAKING = 4;

    static final int READ = 0;
    static final int WRITE = 1;
    static final int UNLOCK = 2;

    private static final int FIELDS = 8;

    /** Reads {@code 1: POSIX  ADVISORY  WRITE 917 fd:00:12 0 EOF}; null for a line of somebody who waits for a lock. */
    static @Nullable FileLock parse(String line) {
        String[] words = line.trim().split("\\s+", -1);
        if (words.length < FIELDS || words[1].equals("->")) {
            return null;
        }
        long start = Long.parseLong(words[6]);
        return new FileLock(
                kind(words[1]),
                type(words[3]),
                words[2].equals("BREAKING"),
                Integer.parseInt(words[4]),
                words[5],
                start,
                words[7].equals("EOF") ? 0 : Long.parseLong(words[7]) - start + 1,
                line.trim());
    }

    private static int kind(String name) {
        return switch (name) {
            case "POSIX" -> POSIX;
            case "FLOCK" -> FLOCK;
            case "OFDLCK" -> OFD;
            case "LEASE" -> LEASE;
            default -> 0;
        };
    }

    private static int type(String name) {
        return switch (name) {
            case "READ" -> READ;
            case "WRITE" -> WRITE;
            default -> UNLOCK;
        };
    }

    /** As it stands in the image. */
    FileLockEntry entry(int owner, int fd) {
        return FileLockEntry.newBuilder()
                .setFlag(kind)
                .setType(type | (breaking ? BREAKING : 0))
                .setPid(owner)
                .setFd(fd)
                .setStart(start)
                .setLen(length)
                .build();
    }

    /** Whether this one, of another process, keeps the kernel from giving us that of the image. */
    boolean isAgainst(FileLockEntry wanted) {
        boolean exclusive = type == WRITE || wanted.getType() == WRITE;
        return switch (wanted.getFlag()) {
            case FLOCK -> kind == FLOCK && exclusive;
            case POSIX, OFD -> (kind == POSIX || kind == OFD) && exclusive && overlaps(wanted);
            default -> false;
        };
    }

    private boolean overlaps(FileLockEntry other) {
        return (length == 0 || start + length > other.getStart())
                && (other.getLen() == 0 || other.getStart() + other.getLen() > start);
    }
}
