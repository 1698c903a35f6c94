package io.baton.task.linux;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * What {@code stat(2)} says of a file. Device numbers are as in the kernel's {@code struct stat}; {@link #major} and
 * {@link #minor} take them apart.
 *
 * @param size in bytes.
 * @param blocks of 512 bytes.
 */
public record FileStatus(
        long dev,
        long ino,
        int mode,
        long nlink,
        int uid,
        int gid,
        long rdev,
        long size,
        long blocks,
        TimeSpec accessed,
        TimeSpec modified) {
    public static final int S_IFMT = 0xf000;
    public static final int S_IFSOCK = 0xc000;
    public static final int S_IFLNK = 0xa000;
    public static final int S_IFREG = 0x8000;
    public static final int S_IFBLK = 0x6000;
    public static final int S_IFDIR = 0x4000;
    public static final int S_IFCHR = 0x2000;
    public static final int S_IFIFO = 0x1000;

    static final int LENGTH = 144;

    /** A point in time since 1970. */
    public record TimeSpec(long seconds, long nanos) {}

    static FileStatus decode(final UnsafeBuffer stat) {
        return new FileStatus(
                stat.getLong(0),
                stat.getLong(8),
                stat.getInt(24),
                stat.getLong(16),
                stat.getInt(28),
                stat.getInt(32),
                stat.getLong(40),
                stat.getLong(48),
                stat.getLong(64),
                new TimeSpec(stat.getLong(72), stat.getLong(80)),
                new TimeSpec(stat.getLong(88), stat.getLong(96)));
    }

    /** The type bits of the mode, one of {@code S_IF...}. */
    public int type() {
        return mode & S_IFMT;
    }

    /** The mode without the type. */
    public int permissions() {
        return mode & ~S_IFMT;
    }

    public static int major(final long device) {
        return (int) ((device >>> 8 & 0xfff) | (device >>> 32 & ~0xfffL));
    }

    public static int minor(final long device) {
        return (int) ((device & 0xff) | (device >>> 12 & ~0xffL));
    }

    /** The device number made of a major and a minor number, as {@code makedev(3)} does. */
    public static long device(final int major, final int minor) {
        return (minor & 0xffL) | (major & 0xfffL) << 8 | (minor & 0xffff_ff00L) << 12 | (major & 0xffff_f000L) << 32;
    }
}
