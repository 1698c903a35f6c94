package io.baton.coordinator.state.files;

import com.google.protobuf.ByteString;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.namespaces.Namespace;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.SkOptsEntry;
import io.baton.mktree.image.proto.UnixSkEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.UnixDiag;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Named datagram sockets outside the tree that sockets of the tree are connected to ({@code --ext-unix-sk}). The image has
 * each as a file that nobody has open, as CRIU's have; restore connects to whoever has the name then. A stream cannot be
 * taken up again: its other end would have to be there still, and has seen its end.
 */
final class UnixOutsiders {
    /** Of {@code UnixSkEntry.uflags}: it is none of the tree's. */
    private static final int USK_EXTERN = 1;

    private static final String OUTSIDE = "the other end of the socket is outside the tree";
    private static final String CLOSE = "close the connection before the dump, or dump from a process above both";
    /** Of {@code sun_path}. */
    private static final int LONGEST_NAME = 108;

    private final Map<Integer, String> faults = new HashMap<>();
    private final Set<Integer> captured = new HashSet<>();

    /** Whether a socket of an image is outside the tree, and was so at the dump. */
    static boolean isOne(UnixSkEntry usk) {
        return usk.getUflags() == USK_EXTERN;
    }

    /** Refuses a connection that could not be made again. */
    void inspect(OpenFile file, int inode, @Nullable UnixDiag outsider, FileInspection inspection) {
        String fault = file.process().readLink("root").equals("/")
                ? faults.computeIfAbsent(inode, key -> fault(file, outsider))
                : "seen from a root directory of its own";
        if (!fault.isEmpty()) {
            inspection.refuse(file, OUTSIDE + ": inode=" + Integer.toUnsignedString(inode) + ", " + fault, CLOSE);
        } else if (!inspection.options().files().externalUnix()) {
            inspection.refuse(
                    file,
                    OUTSIDE + ": inode=" + Integer.toUnsignedString(inode) + ", a datagram socket with a name",
                    "give --ext-unix-sk");
        }
    }

    private static String fault(OpenFile file, @Nullable UnixDiag outsider) {
        if (outsider == null) {
            return "in another network namespace";
        } else if (outsider.type() != Sockets.SOCK_DGRAM) {
            return "half of a connection";
        } else if (outsider.name().isEmpty()) {
            return "without a name";
        } else if (outsider.peer() != 0) {
            return "which is connected itself, and takes from that one alone";
        } else if (outsider.name().charAt(0) == 0) {
            return "";
        }
        return faultOfPath(file, outsider);
    }

    /** Whoever connects to it must come to the same socket. */
    private static String faultOfPath(OpenFile file, UnixDiag outsider) {
        String path = UnixSocket.text(outsider.name());
        if (!path.startsWith("/")) {
            return "with a name that counts from a directory of its own: " + path;
        }
        try (Fd named = Files.open(
                        "/proc/" + file.process().procId() + "/root" + path, Files.O_PATH | Files.O_CLOEXEC);
                Fd probe = Sockets.open(Sockets.AF_UNIX, Sockets.SOCK_DGRAM, 0)) {
            Sockets.connect(probe.number(), address("/proc/self/fd/" + named.number()));
            UnixDiag found =
                    UnixDiag.list().get((int) Files.status(probe.number()).ino());
            return found != null && found.peer() == outsider.inode()
                    ? ""
                    : "and its name is somebody else's by now: " + path;
        } catch (LinuxException e) {
            return "and its name does not lead there: " + e.getMessage();
        }
    }

    private static byte[] address(String path) {
        return new UnixName("", ByteString.copyFromUtf8(path)).address();
    }

    /** Saves it, once. */
    void capture(UnixDiag outsider, TreeImage tree) {
        if (!captured.add(outsider.inode())) {
            return;
        }
        FileEntry.Builder entry = FileEntry.newBuilder().setType(FdTypes.UNIXSK).setId(tree.newFileId());
        entry.getUskBuilder()
                .setId(entry.getId())
                .setIno(outsider.inode())
                .setType(outsider.type())
                .setState(Sockets.LISTEN) // as CRIU has it
                .setFlags(0)
                .setUflags(USK_EXTERN)
                .setBacklog(0)
                .setPeer(0)
                .setFown(SignalOwner.NOBODY)
                .setOpts(SkOptsEntry.newBuilder()
                        .setSoSndbuf(0)
                        .setSoRcvbuf(0)
                        .setSoSndTmoSec(0)
                        .setSoSndTmoUsec(0)
                        .setSoRcvTmoSec(0)
                        .setSoRcvTmoUsec(0))
                .setName(ByteString.copyFrom(outsider.name(), StandardCharsets.ISO_8859_1));
        tree.addFile(entry.build());
    }

    /** There must be somebody of that name who takes what is sent. */
    static void validate(UnixSkEntry usk, FileEntry peer, String what, FileValidation validation) {
        UnixSkEntry outsider = peer.getUsk();
        UnixName name = UnixName.of(outsider);
        String called = name.bytes().toString(StandardCharsets.UTF_8).replace('\0', '@');
        Set<Namespace> namespaces = validation.process().namespaces().wanted();
        if (usk.getType() != Sockets.SOCK_DGRAM
                || outsider.getType() != Sockets.SOCK_DGRAM
                || name.isEmpty()
                || outsider.getName().size() > LONGEST_NAME
                || outsider.getPeer() != 0
                || !validation.image().sockets().messages(peer.getId()).isEmpty()) {
            validation.refuse(what, "connected to somebody outside the tree who cannot be connected to", "");
        } else if (!validation.process().options().externalUnix()) {
            validation.refuse(what, "connected to a socket outside the tree: " + called, "give --ext-unix-sk");
        } else if (!name.isPath() && namespaces.contains(Namespace.NET)) {
            validation.refuse(
                    what,
                    "connected to a socket outside the tree, which a new network namespace has not got: " + called,
                    "");
        } else if (name.isPath() && name.directory().isEmpty() && name.bytes().byteAt(0) != '/') {
            validation.refuse(what, "connected to a socket outside the tree whose place is not known: " + called, "");
        } else if (name.isPath()
                ? !namespaces.contains(Namespace.MNT) && name.directory().isEmpty()
                : !validation.process().namespaces().joins(Namespace.NET)) {
            requireListener(name, what, called, validation);
        }
    }

    private static void requireListener(UnixName name, String what, String called, FileValidation validation) {
        try (Fd probe = Sockets.open(Sockets.AF_UNIX, Sockets.SOCK_DGRAM, 0)) {
            Sockets.connect(probe.number(), name.address());
        } catch (LinuxException e) {
            validation.refuse(
                    what,
                    "connected to a socket outside the tree that does not answer now: " + called + ": "
                            + e.getMessage(),
                    "start whoever has that name first");
        }
    }
}
