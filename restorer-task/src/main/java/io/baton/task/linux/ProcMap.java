package io.baton.task.linux;

/**
 * One line of {@code /proc/PID/maps}.
 *
 * @param end after the last byte.
 * @param protection of {@link Mapping#PROT_READ} and so on.
 * @param shared as opposed to private.
 * @param offset in the file, in bytes.
 * @param device as {@link FileStatus#dev}.
 * @param path of the file, as the kernel prints it, newlines as {@code \012}; or such as {@code [heap]}; or empty.
 */
public record ProcMap(
        long start, long end, int protection, boolean shared, long offset, long device, long inode, String path) {

    private static final String DELETED = " (deleted)";

    /** Parses a line and goes on to the next. */
    static ProcMap parse(final ProcText text) {
        final long start = text.hex();
        text.skip('-');
        final long end = text.hex();
        text.skip(' ');
        int protection = text.next() == 'r' ? Mapping.PROT_READ : 0;
        protection |= text.next() == 'w' ? Mapping.PROT_WRITE : 0;
        protection |= text.next() == 'x' ? Mapping.PROT_EXEC : 0;
        final boolean shared = text.next() == 's';
        final long offset = text.hex();
        final int major = (int) text.hex();
        text.skip(':');
        final int minor = (int) text.hex();
        final long inode = text.decimal();
        final String path = text.line();
        text.skipLine();
        return new ProcMap(start, end, protection, shared, offset, FileStatus.device(major, minor), inode, path);
    }

    public long length() {
        return end - start;
    }

    public boolean isAnonymous() {
        return inode == 0;
    }

    public boolean isDeleted() {
        return path.endsWith(DELETED);
    }

    /** Its name below {@code /proc/PID/map_files}. */
    public String mapFile() {
        return Long.toHexString(start).concat("-").concat(Long.toHexString(end));
    }
}
