package io.baton.coordinator.inspect;

import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.UnixSkEntry;
import io.baton.task.program.SymbolicNames;
import java.util.Locale;

/** One file description in a line. */
final class FileText {
    private static final int O_LARGEFILE = 0x8000;

    private FileText() {}

    static String describe(final FileEntry file) {
        if (file.hasReg()) {
            return file.getReg().getName() + " " + flags(file.getReg().getFlags())
                    + (file.getReg().getPos() == 0 ? "" : " at " + file.getReg().getPos());
        }
        if (file.hasPipe()) {
            return "pipe:[" + Integer.toUnsignedString(file.getPipe().getPipeId()) + "] "
                    + flags(file.getPipe().getFlags());
        }
        if (file.hasFifo()) {
            return "fifo:[" + Integer.toUnsignedString(file.getFifo().getPipeId()) + "]";
        }
        if (file.hasEfd()) {
            return "eventfd, counter " + Long.toUnsignedString(file.getEfd().getCounter());
        }
        if (file.hasEpfd()) {
            return "epoll, " + file.getEpfd().getTfdCount() + " watched";
        }
        if (file.hasTty()) {
            return "terminal " + file.getTty().getTtyInfoId() + " "
                    + flags(file.getTty().getFlags());
        }
        if (file.hasUsk()) {
            return unix(file.getUsk());
        }
        if (file.hasIsk()) {
            return "socket:[" + Integer.toUnsignedString(file.getIsk().getIno()) + "] port "
                    + file.getIsk().getSrcPort() + " to " + file.getIsk().getDstPort();
        }
        return file.getType().name().toLowerCase(Locale.ROOT);
    }

    /** Status flags without the one that says nothing on 64 bits. */
    static String flags(final int flags) {
        return SymbolicNames.OPEN.text(Integer.toUnsignedLong(flags & ~O_LARGEFILE));
    }

    private static String unix(final UnixSkEntry socket) {
        final String name = socket.getName().toStringUtf8().replace('\0', '@');
        return "socket:[" + Integer.toUnsignedString(socket.getIno()) + "]"
                + (name.isEmpty() ? "" : " " + name)
                + (socket.getPeer() == 0 ? "" : " to " + Integer.toUnsignedString(socket.getPeer()));
    }
}
