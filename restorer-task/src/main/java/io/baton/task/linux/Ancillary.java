package io.baton.task.linux;

import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What comes with a message of a Unix socket beside its bytes. Source: {@code cmsg(3)}, {@code unix(7)}.
 *
 * @param descriptors that were sent with it (SCM_RIGHTS): each is a copy, and now the caller's to close.
 * @param sender who sent it (SCM_CREDENTIALS); null if the receiver is not told.
 */
public record Ancillary(List<Fd> descriptors, @Nullable Sender sender) {
    public static final int SCM_RIGHTS = 1;
    public static final int SCM_CREDENTIALS = 2;

    /** Bytes before the data of each of them: {@code struct cmsghdr}. */
    public static final int HEADER = 16;

    /** Descriptors that one message can carry at most (SCM_MAX_FD). */
    public static final int MOST_DESCRIPTORS = 253;

    /** Room for everything that the kernel may tell of one message, in bytes. */
    public static final int ROOM = 4096;

    private static final int SCM_PIDFD = 4;

    /** {@code struct ucred}. */
    public record Sender(int pid, int uid, int gid) {}

    /**
     * Takes what recvmsg(2) has put into a buffer.
     *
     * @param length bytes of it that are used
     */
    public static Ancillary take(final UnsafeBuffer control, final int length) {
        final List<Fd> descriptors = new ArrayList<>();
        Sender sender = null;
        int at = 0;
        while (at + HEADER <= length) {
            final int size = (int) control.getLong(at);
            final int data = at + HEADER;
            if (control.getInt(at + Long.BYTES) == Sockets.SOL_SOCKET) {
                switch (control.getInt(at + Long.BYTES + Integer.BYTES)) {
                    case SCM_RIGHTS -> {
                        for (int fd = data; fd + Integer.BYTES <= at + size; fd += Integer.BYTES) {
                            descriptors.add(Fd.own(control.getInt(fd)));
                        }
                    }
                    case SCM_CREDENTIALS ->
                        sender = new Sender(
                                control.getInt(data),
                                control.getInt(data + Integer.BYTES),
                                control.getInt(data + 2 * Integer.BYTES));
                    case SCM_PIDFD -> close(control.getInt(data));
                    default -> {
                        // a time stamp, a security context: not of the message itself
                    }
                }
            }
            at += Math.max(HEADER, (size + Long.BYTES - 1) & -Long.BYTES);
        }
        return new Ancillary(descriptors, sender);
    }

    private static void close(final int fd) {
        if (fd >= 0) {
            Fd.own(fd).close();
        }
    }
}
