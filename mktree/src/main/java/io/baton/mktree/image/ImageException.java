package io.baton.mktree.image;

import java.io.IOException;
import java.nio.file.Path;

/** An image file that cannot be what it claims to be. The message names the file, the place in it and the reason. */
public final class ImageException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String file;
    private final long offset;
    private final String reason;

    /**
     * Tells where reading stopped making sense, and why.
     *
     * @param file   name of the file within its image directory
     * @param offset byte at which reading stopped making sense
     * @param reason what is wrong, as {@code reason: name=value}
     */
    public ImageException(String file, long offset, String reason) {
        super(file + ": " + reason + " (at byte " + offset + ")");
        this.file = file;
        this.offset = offset;
        this.reason = reason;
    }

    ImageException(Path file, long offset, String reason) {
        this(nameOf(file), offset, reason);
    }

    ImageException(Path file, long offset, String reason, Throwable cause) {
        this(nameOf(file), offset, reason);
        initCause(cause);
    }

    private static String nameOf(Path path) {
        Path name = path.getFileName();
        return name == null ? path.toString() : name.toString();
    }

    /** {@return name of the file, without its directory} */
    public String file() {
        return file;
    }

    /** {@return byte at which reading stopped making sense} */
    public long offset() {
        return offset;
    }

    /** {@return what is wrong, without file and offset} */
    public String reason() {
        return reason;
    }
}
