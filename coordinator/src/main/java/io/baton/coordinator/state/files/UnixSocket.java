package io.baton.coordinator.state.files;

import com.google.protobuf.ByteString;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.FilePermsEntry;
import io.baton.mktree.image.proto.ScmEntry;
import io.baton.mktree.image.proto.SkPacketEntry;
import io.baton.mktree.image.proto.SkShutdown;
import io.baton.mktree.image.proto.UnixSkEntry;
import io.baton.task.linux.Ancillary;
import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Poll;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.UnixDiag;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Unix sockets: pairs, bound, listening and connected ones, with what waits in them. Sockets that have to do with each
 * other are restored together, see {@link UnixProgram}.
 */
final class UnixSocket implements FileKind {
    private static final int SO_PEERCRED = 17;
    private static final int SIOCUNIXFILE = 0x89e0;
    private static final String DELETED = " (deleted)";
    /** A connection that CRIU's own service or a plug-in has to make (USK_...). */
    private static final int FOREIGN = 0x0f;

    @Override
    public FdTypes type() {
        return FdTypes.UNIXSK;
    }

    @Override
    public Account account() {
        return new Account(
                        "Unix socket",
                        "sock_diag(7), getsockopt(2); unread data, and files in flight, by MSG_PEEK",
                        "socketpair(2), bind(2), listen(2), connect(2), accept(2), by one task for all that belong together",
                        "UnixSkEntry",
                        "SkPacketEntry")
                .refusing(
                        "a Unix socket of another network namespace",
                        "the directory of its name * cannot be found out",
                        "the other end of the socket is outside the tree: *",
                        "has sent to a socket that has not accepted it yet",
                        "waits to be accepted by somebody outside the tree",
                        "a connection that waits there*",
                        "more descriptors in flight than we may open",
                        "credentials in flight of a process that is not in the tree",
                        "a message beyond * bytes cannot be saved yet");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.isSocketOf(Sockets.AF_UNIX);
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        UnixSockets sockets = inspection.files().unixSockets();
        UnixDiag socket = sockets.of(file);
        if (socket == null) {
            inspection.refuse(file, "a Unix socket of another network namespace", "close it before the dump");
            return;
        }
        inspectPeer(file, socket, sockets, inspection);
        if (socket.state() == Sockets.LISTEN) {
            inspectPending(file, socket, sockets, inspection);
        } else {
            inspectQueue(file, sockets.queue(socket), inspection);
        }
        if (isPath(socket.name()) && isStray(file, socket)) {
            inspection.refuse(
                    file,
                    "the directory of its name " + text(socket.name()) + " cannot be found out",
                    "keep the socket's file in place");
        }
    }

    private static void inspectPeer(OpenFile file, UnixDiag socket, UnixSockets sockets, FileInspection inspection) {
        int peer = socket.peer();
        if (peer != 0 && sockets.inTree(peer) == null) {
            sockets.outsiders().inspect(file, peer, sockets.withInode(peer), inspection);
        } else if (peer == 0 && sockets.listenerOf(socket.inode()) != 0 && socket.sent() != 0) {
            inspection.refuse(
                    file, "has sent to a socket that has not accepted it yet", "let the connection be accepted first");
        } else if (peer == 0
                && sockets.listenerOf(socket.inode()) != 0
                && sockets.inTree(sockets.listenerOf(socket.inode())) == null) {
            inspection.refuse(
                    file, "waits to be accepted by somebody outside the tree", "let the connection be accepted first");
        }
    }

    private static void inspectPending(OpenFile file, UnixDiag socket, UnixSockets sockets, FileInspection inspection) {
        for (int pending : socket.pending()) {
            if (pending == 0 || sockets.inTree(pending) == null) {
                inspection.refuse(
                        file,
                        pending == 0
                                ? "a connection that waits there has been closed already"
                                : "a connection that waits there comes from outside the tree",
                        "let the connection be accepted first");
            }
        }
    }

    private static void inspectQueue(OpenFile file, SocketQueue queue, FileInspection inspection) {
        if (queue.truncated()) {
            inspection.refuse(file, "more descriptors in flight than we may open", "raise it by ulimit -n");
        } else if (queue.messages().stream().anyMatch(message -> !isKnown(message.sender(), inspection.files()))) {
            inspection.refuse(
                    file, "credentials in flight of a process that is not in the tree", "have them received first");
        } else if (file.socketType() != Sockets.SOCK_STREAM && queue.longest() > SocketQueue.LONGEST_MESSAGE) {
            inspection.refuse(
                    file,
                    "a message beyond " + SocketQueue.LONGEST_MESSAGE + " bytes cannot be saved yet",
                    "have it received first");
        }
    }

    private static boolean isKnown(Ancillary.@Nullable Sender sender, OpenFiles files) {
        return sender == null || sender.pid() == 0 || files.inside(sender.pid()) != 0;
    }

    private static boolean isPath(String name) {
        return !name.isEmpty() && name.charAt(0) != 0;
    }

    /** A path as a string. */
    static String text(String name) {
        int end = name.indexOf(0);
        byte[] bytes = name.substring(0, end < 0 ? name.length() : end).getBytes(StandardCharsets.ISO_8859_1);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Whether the name is relative, and nobody knows any more to what. */
    private static boolean isStray(OpenFile file, UnixDiag socket) {
        String name = text(socket.name());
        if (name.startsWith("/")) {
            return false;
        }
        String path = boundTo(file);
        return !path.endsWith("/" + name) && !path.endsWith("/" + name + DELETED);
    }

    /** Path of the file that a socket is bound to, as the kernel has it, or nothing. */
    private static String boundTo(OpenFile file) {
        try (Fd copy = file.fetch()) {
            long result = SystemCall.call(SyscallNumber.IOCTL, copy.number(), SIOCUNIXFILE, 0);
            if (result < 0) {
                return "";
            }
            try (Fd bound = Fd.own((int) result)) {
                return Files.readLink("/proc/self/fd/" + bound.number());
            }
        }
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        UnixSockets sockets = OpenFiles.of(tree).unixSockets();
        UnixDiag socket = sockets.of(file);
        if (socket == null) {
            throw new IllegalStateException("refused before: " + file.describe());
        }
        int pendingAt = socket.peer() == 0 ? sockets.listenerOf(socket.inode()) : 0;
        UnixDiag outsider =
                socket.peer() == 0 || sockets.inTree(socket.peer()) != null ? null : sockets.withInode(socket.peer());
        if (outsider != null) {
            sockets.outsiders().capture(outsider, tree);
        }
        UnixSkEntry.Builder usk = entry.getUskBuilder()
                .setId(entry.getId())
                .setIno(socket.inode())
                .setType(socket.type())
                .setState(socket.state())
                .setFlags(file.flags())
                .setUflags(0)
                .setBacklog(socket.state() == Sockets.LISTEN ? socket.sent() : 0)
                .setPeer(pendingAt != 0 ? pendingAt : socket.peer())
                .setFown(file.owner())
                .setName(ByteString.copyFrom(socket.name(), StandardCharsets.ISO_8859_1));
        SkShutdown shutdown = SkShutdown.forNumber(socket.shutdown());
        if (shutdown != null && shutdown != SkShutdown.NONE) {
            usk.setShutdown(shutdown);
        }
        if (socket.connected() && socket.peer() == 0 && pendingAt == 0) {
            usk.setPeerGone(true);
        }
        try (Fd copy = file.fetch()) {
            usk.setOpts(SocketOptions.read(copy.number(), Sockets.AF_UNIX, socket.type(), 0));
            captureCredentials(copy, usk);
            if (socket.peer() == 0 && socket.state() == Sockets.ESTABLISHED && hasError(copy)) {
                usk.setReset(true);
            }
        }
        if (isPath(socket.name())) {
            captureFile(file, socket, usk);
        }
        if (socket.state() != Sockets.LISTEN) {
            sockets.queue(socket).messages().forEach(message -> capture(message, entry.getId(), tree));
        }
    }

    private static void capture(SocketQueue.Message message, int id, TreeImage tree) {
        SkPacketEntry.Builder packet = SkPacketEntry.newBuilder()
                .setIdFor(id)
                .setLength(message.bytes().size());
        if (!message.rights().isEmpty()) {
            ScmEntry.Builder rights = packet.addScmBuilder().setType(Ancillary.SCM_RIGHTS);
            message.rights().forEach(file -> rights.addRights(FileDescriptors.captured(file, tree)));
        }
        Ancillary.Sender sender = message.sender();
        if (sender != null && sender.pid() != 0) {
            packet.getSenderBuilder()
                    .setPid(OpenFiles.of(tree).inside(sender.pid()))
                    .setUid(sender.uid())
                    .setGid(sender.gid());
        }
        tree.addSocketData(packet.build(), message.bytes().toByteArray());
    }

    private static void captureCredentials(Fd copy, UnixSkEntry.Builder usk) {
        ByteBuffer ids = ByteBuffer.wrap(
                        Sockets.option(copy.number(), Sockets.SOL_SOCKET, SO_PEERCRED, 3 * Integer.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        if (ids.getInt(0) != 0) {
            usk.setPeerUid(ids.getInt(Integer.BYTES)).setPeerGid(ids.getInt(2 * Integer.BYTES));
        }
    }

    /** To read the error itself would take it away. */
    private static boolean hasError(Fd copy) {
        try (Poll poll = new Poll(1)) {
            poll.add(copy.number(), 0);
            poll.await(0);
            return (poll.events(0) & Poll.POLLERR) != 0;
        }
    }

    private static void captureFile(OpenFile file, UnixDiag socket, UnixSkEntry.Builder usk) {
        String name = text(socket.name());
        String path = boundTo(file);
        if (path.isEmpty() || path.endsWith(DELETED)) {
            usk.setDeleted(true);
            path = path.isEmpty() ? path : path.substring(0, path.length() - DELETED.length());
        }
        if (!name.startsWith("/")) {
            usk.setNameDir(path.substring(0, path.length() - name.length() - 1));
        }
        try {
            FileStatus status = Files.statusAt(Files.AT_FDCWD, path, Files.AT_SYMLINK_NOFOLLOW);
            usk.setFilePerms(FilePermsEntry.newBuilder()
                    .setMode(status.mode())
                    .setUid(status.uid())
                    .setGid(status.gid()));
        } catch (LinuxException e) {
            usk.setDeleted(true);
        }
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        UnixSkEntry usk = entry.getUsk();
        String what = "Unix socket " + Integer.toUnsignedString(usk.getIno());
        ImageSockets sockets = validation.image().sockets();
        if ((usk.getUflags() & FOREIGN) != 0) {
            validation.refuse(what, "connected to somebody outside the tree: not supported yet", "");
        } else if (usk.getPeer() != 0) {
            FileEntry peer = sockets.withInode(usk.getPeer());
            if (peer == null) {
                validation.refuse(what, "the image has no other end for it", "");
            } else if (UnixOutsiders.isOne(peer.getUsk())) {
                UnixOutsiders.validate(usk, peer, what, validation);
            }
        }
        for (ImageMessage message : sockets.messages(entry.getId())) {
            validate(message, usk, what, validation);
        }
        UnixName name = UnixName.of(usk);
        if (name.isPath()) {
            name.validate(usk, validation);
        }
    }

    private static void validate(ImageMessage message, UnixSkEntry usk, String what, FileValidation validation) {
        int length = message.bytes().limit();
        List<Integer> rights = message.rights();
        if (usk.getType() != Sockets.SOCK_STREAM && length > SocketQueue.LONGEST_MESSAGE) {
            validation.refuse(what, "a message of " + length + " bytes cannot be restored yet", "");
        } else if (message.packet().getScmList().stream().anyMatch(scm -> scm.getType() != Ancillary.SCM_RIGHTS)
                || rights.size() > Ancillary.MOST_DESCRIPTORS) {
            validation.refuse(what, "what is in flight is none that can be sent", "use another image");
        } else if (usk.getType() == Sockets.SOCK_STREAM && length == 0) {
            validation.refuse(what, "a message without a byte in a stream", "use another image");
        }
        if (message.packet().hasSender()
                && !validation.tree().hasTask(message.packet().getSender().getPid())) {
            validation.refuse(what, "credentials in flight of a process that is not in the image", "");
        }
        for (int id : rights) {
            FileEntry file = validation.process().file(id);
            FileKind kind = file == null ? null : FileKinds.of(file.getType());
            if (file == null || kind == null) {
                validation.refuse(what, "a file in flight is not in the image, or of no known kind: id=" + id, "");
            } else if (validation.tree().isFirstLookAt(id)) {
                kind.validate(file, validation);
            }
        }
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        new UnixProgram(task, task.tree().image().sockets().group(entry)).compile();
    }
}
