package io.baton.coordinator.state.files;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.UnixDiag;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The Unix sockets of a tree that is dumped: what the kernel says of them, and what is in them, each asked once. */
final class UnixSockets {
    private final Map<Integer, UnixDiag> known;
    private final Map<Integer, OpenFile> ofTree = new HashMap<>();
    private final Map<Integer, Integer> listeners = new HashMap<>();
    private final Map<Integer, SocketQueue> queues = new HashMap<>();
    private final ArrayDeque<OpenFile> open;
    private final UnixOutsiders outsiders = new UnixOutsiders();

    /** Those of all files, and of files that wait in them; of the network namespace that the tree is in. */
    UnixSockets(OpenFiles files) {
        SeizedProcess first = null;
        for (OpenFile file : files.all()) {
            if (file.kind() instanceof UnixSocket) {
                ofTree.put((int) file.status().ino(), file);
                first = file.process();
            }
        }
        known = first == null ? Map.of() : KernelSockets.list(first, UnixDiag::list);
        open = new ArrayDeque<>(ofTree.values());
        while (!open.isEmpty()) {
            OpenFile file = open.remove();
            UnixDiag socket = of(file);
            if (socket != null && socket.state() != Sockets.LISTEN) {
                queues.put(socket.inode(), read(file, socket, files));
            }
        }
        for (UnixDiag socket : known.values()) {
            for (int pending : socket.pending()) {
                listeners.put(pending, socket.inode());
            }
        }
    }

    /** What the kernel says of a socket; null if it has none such in this network namespace. */
    @Nullable
    UnixDiag of(OpenFile file) {
        return known.get((int) file.status().ino());
    }

    /** The socket of the tree with that inode, or null. */
    @Nullable
    OpenFile inTree(int inode) {
        return ofTree.get(inode);
    }

    /** What the kernel says of the socket with that inode, or null. */
    @Nullable
    UnixDiag withInode(int inode) {
        return known.get(inode);
    }

    /** Those outside the tree that its sockets are connected to. */
    UnixOutsiders outsiders() {
        return outsiders;
    }

    /** Inode of the listening socket that a connection waits at; 0 if it waits at none. */
    int listenerOf(int inode) {
        return listeners.getOrDefault(inode, 0);
    }

    /** What waits in a socket to be received. */
    SocketQueue queue(UnixDiag socket) {
        return queues.getOrDefault(socket.inode(), SocketQueue.EMPTY);
    }

    private SocketQueue read(OpenFile file, UnixDiag socket, OpenFiles files) {
        try (Fd copy = file.fetch()) {
            boolean ended = (socket.shutdown() & 1) != 0;
            return SocketQueue.read(copy, socket.type(), socket.received(), ended, sent -> inFlight(file, sent, files));
        }
    }

    private OpenFile inFlight(OpenFile socket, Fd copy, OpenFiles files) {
        OpenFile sent = files.addInFlight(socket, copy);
        if (sent.kind() instanceof UnixSocket
                && ofTree.putIfAbsent((int) sent.status().ino(), sent) == null) {
            open.add(sent);
        }
        return sent;
    }
}
