package io.baton.coordinator.state.files;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.tcp.CapturedStream;
import io.baton.coordinator.state.tcp.Connection;
import io.baton.coordinator.state.tcp.HeldConnections;
import io.baton.coordinator.state.tcp.TcpState;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.ImageKind;
import io.baton.mktree.image.ImageWriter;
import io.baton.mktree.image.proto.InetSkEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Sockets;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** TCP connections on their way into an image, and out of it. */
final class TcpCapture {
    private TcpCapture() {}

    private static HeldConnections held(TreeImage tree) {
        return tree.shared(HeldConnections.class, () -> {
            throw new IllegalStateException("nobody holds connections");
        });
    }

    /** Holds off the packets of all connections, the first time. */
    static void hold(TreeImage tree) {
        HeldConnections held = held(tree);
        if (held.holds()) {
            return;
        }
        List<Connection> all = new ArrayList<>();
        List<OpenFile> files = OpenFiles.of(tree).connections();
        for (OpenFile file : files) {
            try (Fd socket = file.fetch()) {
                InternetAddress own = InternetAddress.of(Sockets.address(socket.number()));
                InternetAddress peer = InternetAddress.of(Sockets.peerAddress(socket.number()));
                all.add(new Connection(
                        Connection.end(own.words(), own.port()), Connection.end(peer.words(), peer.port())));
            } catch (LinuxException e) {
                // It has just ended, and is saved as that.
            }
        }
        SeizedProcess process = files.get(0).process();
        int self = (int) ProcessHandle.current().pid();
        boolean ours = process.readLink("ns/net").equals(process.proc().readLink(self, "ns/net"));
        held.hold(all, process.procId(), !ours);
    }

    /** Saves one; only now it is sure in which state. */
    static void capture(OpenFile file, InetSkEntry.Builder isk, TreeImage tree) {
        CapturedStream stream = held(tree).capture(file.fetch());
        isk.setState(stream.state());
        if (!TcpState.isConnection(stream.state())) {
            return;
        }
        write(isk, stream, tree);
    }

    /** Saves what is left to be read of one that is no more. */
    static void captureEnded(Fd socket, InetSkEntry.Builder isk, TreeImage tree) {
        write(isk, CapturedStream.readEnded(socket.number()), tree);
    }

    private static void write(InetSkEntry.Builder isk, CapturedStream stream, TreeImage tree) {
        long inode = Integer.toUnsignedLong(isk.getIno());
        try (ImageWriter writer = tree.directory().writer(ImageKind.TCP_STREAM, inode)) {
            writer.write(stream.entry(), stream.queues());
        } catch (IOException e) {
            throw new BatonException(ErrorCode.IMAGE_IO, "image cannot be written: " + e.getMessage(), "", e);
        }
    }

    /** What the image has of one. */
    static TcpStream stream(TaskDescriptors task, InetSkEntry isk) {
        ImageDirectory directory = task.process().directory();
        try {
            return TcpStream.read(directory, isk);
        } catch (IOException e) {
            throw new BatonException(ErrorCode.BAD_IMAGE, String.valueOf(e.getMessage()), "", e);
        }
    }
}
