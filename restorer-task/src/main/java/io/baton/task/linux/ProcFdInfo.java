package io.baton.task.linux;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code /proc/PID/fdinfo/FD}.
 *
 * @param position file offset.
 * @param flags {@code O_...}, with {@link Files#O_CLOEXEC} for close-on-exec.
 * @param mountId of {@code /proc/PID/mountinfo}.
 * @param extra the lines that depend on the kind of file, as they are.
 */
public record ProcFdInfo(long position, int flags, int mountId, long inode, List<String> extra) {

    static ProcFdInfo parse(final ProcText text) {
        long position = 0;
        int flags = 0;
        int mountId = 0;
        long inode = 0;
        final List<String> extra = new ArrayList<>();
        while (!text.atEnd()) {
            if (text.skipWord("pos:")) {
                position = text.decimal();
            } else if (text.skipWord("flags:")) {
                flags = (int) text.octal();
            } else if (text.skipWord("mnt_id:")) {
                mountId = text.integer();
            } else if (text.skipWord("ino:")) {
                inode = text.decimal();
            } else if (!text.atLineEnd()) {
                extra.add(text.line());
            }
            text.skipLine();
        }
        return new ProcFdInfo(position, flags, mountId, inode, extra);
    }

    /** What follows {@code key:} in the first extra line that has it, or {@code null}. */
    public @Nullable String value(final String key) {
        for (final String line : extra) {
            if (line.startsWith(key) && line.startsWith(":", key.length())) {
                return line.substring(key.length() + 1).trim();
            }
        }
        return null;
    }

    /**
     * A number of an extra line.
     *
     * @param radix 16 for {@code eventfd-count} and {@code sigmask}.
     * @throws IllegalArgumentException if there is none of this name.
     */
    public long number(final String key, final int radix) {
        final String value = value(key);
        if (value == null) {
            throw new IllegalArgumentException("not in fdinfo: key=" + key + ", lines=" + extra);
        }
        return Long.parseUnsignedLong(value, radix);
    }
}
