package io.baton.coordinator.inspect;

import io.baton.mktree.image.proto.VmaEntry;
import java.io.IOException;

/** One mapping in a line, as {@code /proc/PID/maps} has it. */
final class MappingText {
    private static final int SHARED = 1;
    private static final int GROWS_DOWN = 0x100;

    // CRIU's bits for what is mapped.
    private static final int VSYSCALL = 1 << 2;
    private static final int VDSO = 1 << 3;
    private static final int HEAP = 1 << 5;
    private static final int FILE_PRIVATE = 1 << 6;
    private static final int FILE_SHARED = 1 << 7;
    private static final int VVAR = 1 << 12;

    private MappingText() {}

    static String describe(final VmaEntry vma, final ImageContents image) throws IOException {
        return String.format(
                "%012x-%012x %s %10s  %s",
                vma.getStart(),
                vma.getEnd(),
                protection(vma),
                Units.bytes(vma.getEnd() - vma.getStart()),
                content(vma, image));
    }

    static String protection(final VmaEntry vma) {
        return ((vma.getProt() & 1) != 0 ? "r" : "-")
                + ((vma.getProt() & 2) != 0 ? "w" : "-")
                + ((vma.getProt() & 4) != 0 ? "x" : "-")
                + ((vma.getFlags() & SHARED) != 0 ? "s" : "p");
    }

    /** The file, or the name the kernel gives to what has none. */
    static String content(final VmaEntry vma, final ImageContents image) throws IOException {
        final int status = vma.getStatus();
        if ((status & (FILE_PRIVATE | FILE_SHARED)) != 0) {
            final String file = image.describeFile((int) vma.getShmid());
            final int space = file.lastIndexOf(" O_");
            return (space < 0 ? file : file.substring(0, space))
                    + (vma.getPgoff() == 0 ? "" : " +0x" + Long.toHexString(vma.getPgoff()));
        }
        if ((status & HEAP) != 0) {
            return "[heap]";
        }
        if ((status & VDSO) != 0) {
            return "[vdso]";
        }
        if ((status & VVAR) != 0) {
            return "[vvar]";
        }
        if ((status & VSYSCALL) != 0) {
            return "[vsyscall]";
        }
        return (vma.getFlags() & GROWS_DOWN) != 0 ? "[stack]" : "";
    }
}
