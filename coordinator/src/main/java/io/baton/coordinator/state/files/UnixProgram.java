package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.CredsEntry;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.SkShutdown;
import io.baton.mktree.image.proto.UnixSkEntry;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Restores a group of Unix sockets that have to do with each other, in the first task that has one of them; those of later
 * tasks wait there, as ends of pipes do. A connection is made by socketpair(2), or, if an end has the name of the
 * socket that had accepted it, by connect(2) and accept(2) on that one, or on one that is there only for that.
 */
final class UnixProgram {
    private final TaskDescriptors task;
    private final ImageSockets image;
    private final List<FileEntry> group;
    private final Map<Integer, Made> made = new HashMap<>();
    private final UnixPlaces places;
    private final boolean hasPlaces;
    /** Where the names count that are not what they seem to be, by the id of the socket. */
    private final Map<Integer, Integer> placeOf = new HashMap<>();

    private final List<UnixName> leftovers = new ArrayList<>();
    /** Other ends that are to be gone, by the id of the socket, until they have sent what they had sent. */
    private final Map<Integer, Handle> spares = new HashMap<>();

    /** A socket, where it is open, and the flags it was made with. */
    private record Made(FileEntry entry, Handle handle, int flags) {
        UnixSkEntry usk() {
            return entry.getUsk();
        }
    }

    UnixProgram(TaskDescriptors task, List<FileEntry> group) {
        this.task = task;
        this.image = task.tree().image().sockets();
        this.group = group;
        places = new UnixPlaces(task);
        hasPlaces = UnixPlaces.arePossible(task.process().own());
    }

    void compile() {
        group.stream().filter(entry -> !isConnected(entry.getUsk())).forEach(this::alone);
        group.stream().filter(entry -> isConnected(entry.getUsk())).forEach(this::connected);
        group.stream().filter(entry -> isPending(entry.getUsk())).forEach(this::pending);
        group.stream()
                .filter(entry -> isDirected(entry.getUsk()) && !isOutward(entry.getUsk()))
                .forEach(this::directed);
        group.forEach(this::fill);
        // Only now, for nobody else can send to them then.
        group.stream().filter(entry -> isOutward(entry.getUsk())).forEach(this::directed);
        group.forEach(this::settle);
        for (UnixName leftover : leftovers) {
            leftover.unlink(task, false);
        }
        places.close();
    }

    private static boolean isMessages(UnixSkEntry usk) {
        return usk.getType() == Sockets.SOCK_DGRAM;
    }

    /** Whether it is one of two that know each other, or the other one of which is gone. */
    private boolean isConnected(UnixSkEntry usk) {
        FileEntry peer = peer(usk);
        if (peer != null) {
            return peer.getUsk().getPeer() == usk.getIno()
                    && usk.getPeer() != usk.getIno()
                    && !(isMessages(usk) && (image.connectedTo(usk).size() > 1 || isUsedTwice(peer)));
        }
        if (usk.getPeerGone()) {
            return true;
        }
        // In CRIU's own images the state must do; of datagram sockets it does not tell, but what waits in one without a
        // name can only have come from another end.
        return isMessages(usk)
                ? UnixName.of(usk).isEmpty() && !image.messages(usk.getId()).isEmpty()
                : usk.getState() == Sockets.ESTABLISHED;
    }

    private boolean isUsedTwice(FileEntry peer) {
        return image.connectedTo(peer.getUsk()).size() > 1;
    }

    private @Nullable FileEntry peer(UnixSkEntry usk) {
        return usk.getPeer() == 0 ? null : image.withInode(usk.getPeer());
    }

    /** Whether it waits at a listening socket to be accepted. */
    private boolean isPending(UnixSkEntry usk) {
        FileEntry peer = peer(usk);
        return peer != null && peer.getUsk().getState() == Sockets.LISTEN && !isOutward(usk);
    }

    /** Whether it sends to another that does not send back to it alone. */
    private boolean isDirected(UnixSkEntry usk) {
        return isMessages(usk) && peer(usk) != null && !isConnected(usk);
    }

    /** Whether it sends to somebody outside the tree. */
    private boolean isOutward(UnixSkEntry usk) {
        FileEntry peer = peer(usk);
        return peer != null && UnixOutsiders.isOne(peer.getUsk());
    }

    private void alone(FileEntry entry) {
        UnixSkEntry usk = entry.getUsk();
        Handle handle = socket(usk.getType());
        keep(entry, handle, Sockets.SOCK_NONBLOCK);
        UnixName name = UnixName.of(usk);
        if (!name.isEmpty() && !isPending(usk)) {
            bind(usk, name, handle);
        }
        if (usk.getState() == Sockets.LISTEN) {
            as(
                    usk,
                    block -> block.call(SyscallNumber.LISTEN)
                            .value(handle.fd())
                            .value(Math.max(1, Integer.toUnsignedLong(usk.getBacklog())))
                            .expect(0));
        }
    }

    private void bind(UnixSkEntry usk, UnixName name, Handle handle) {
        if (hasPlaces && name.isPath() && usk.getDeleted()) {
            int place = places.make(name);
            placeOf.put(usk.getId(), place);
            places.in(place, () -> name.bind(task, handle.fd()));
            return;
        }
        name.bind(task, handle.fd());
        if (name.isPath() && usk.hasFilePerms()) {
            name.protect(task, usk.getFilePerms());
        }
        if (name.isPath() && usk.getDeleted()) {
            leftovers.add(name);
        }
    }

    private Handle socket(int type) {
        task.nextBlock()
                .call(SyscallNumber.SOCKET)
                .value(Sockets.AF_UNIX)
                .value(type | Sockets.SOCK_CLOEXEC | Sockets.SOCK_NONBLOCK)
                .value(0);
        return task.expectOpened(true);
    }

    private void keep(FileEntry entry, Handle handle, int flags) {
        task.bind(entry.getId(), handle);
        made.put(entry.getId(), new Made(entry, handle, flags));
    }

    private void connected(FileEntry entry) {
        if (made.containsKey(entry.getId())) {
            return;
        }
        FileEntry peer = peer(entry.getUsk());
        boolean stream = !isMessages(entry.getUsk());
        boolean accepted = stream && !UnixName.of(entry.getUsk()).isEmpty();
        boolean peerAccepted =
                stream && peer != null && !UnixName.of(peer.getUsk()).isEmpty();
        if (peer != null && peerAccepted && !(accepted && image.listener(entry.getUsk()) != null)) {
            accept(peer, entry);
        } else if (accepted) {
            accept(entry, peer);
        } else {
            pair(entry, peer);
        }
    }

    private void pair(FileEntry entry, @Nullable FileEntry peer) {
        UnixSkEntry usk = entry.getUsk();
        task.nextBlock();
        as(usk, block -> {
            int ends = block.reserve(2 * Integer.BYTES);
            block.call(SyscallNumber.SOCKETPAIR)
                    .value(Sockets.AF_UNIX)
                    .value(usk.getType() | Sockets.SOCK_CLOEXEC | Sockets.SOCK_NONBLOCK)
                    .value(0)
                    .data(ends)
                    .expect(0);
        });
        Handle one = task.opened(true);
        Handle other = task.opened(true);
        keep(entry, one, Sockets.SOCK_NONBLOCK);
        name(usk, one);
        if (peer == null) {
            spares.put(entry.getId(), other);
        } else {
            keep(peer, other, Sockets.SOCK_NONBLOCK);
            name(peer.getUsk(), other);
        }
    }

    private void name(UnixSkEntry usk, Handle handle) {
        UnixName name = UnixName.of(usk);
        if (!name.isEmpty()) {
            bind(usk, name, handle);
        }
    }

    /** Closes the other end of a socket, after it has sent what it had sent. */
    private void end(Made socket, Handle other) {
        FileEntry entry = socket.entry;
        MessageProgram.compile(task, other, entry.getUsk().getType(), image.messages(entry.getId()));
        if (entry.getUsk().getReset()) {
            MessageProgram.plain(task, socket.handle, new byte[1]);
        }
        task.close(other);
    }

    /** Makes a connection by accepting it; the other end may be gone. */
    private void accept(FileEntry accepted, @Nullable FileEntry other) {
        UnixSkEntry usk = accepted.getUsk();
        UnixName name = UnixName.of(usk);
        FileEntry listener = image.listener(usk);
        Handle client = socket(usk.getType());
        if (other != null) {
            keep(other, client, Sockets.SOCK_NONBLOCK);
            name(other.getUsk(), client);
        }
        Made known = listener == null ? null : made.get(listener.getId());
        Handle server = known == null ? socket(usk.getType()) : known.handle;
        int place =
                known != null ? place(known.usk()) : hasPlaces && name.isPath() ? places.make(name) : UnixPlaces.REAL;
        if (known == null) {
            places.in(place, () -> name.bind(task, server.fd()));
            as(
                    other == null ? usk : other.getUsk(),
                    block -> block.call(SyscallNumber.LISTEN)
                            .value(server.fd())
                            .value(1)
                            .expect(0));
        }
        places.in(place, () -> asPeerOf(usk, () -> name.connect(task, client.fd())));
        task.block()
                .call(SyscallNumber.ACCEPT4)
                .value(server.fd())
                .value(0)
                .value(0)
                .value(Sockets.SOCK_CLOEXEC | Sockets.SOCK_NONBLOCK);
        Handle handle = task.expectOpened(true);
        keep(accepted, handle, Sockets.SOCK_NONBLOCK);
        if (known == null) {
            task.close(server);
            if (name.isPath() && place == UnixPlaces.REAL) {
                name.unlink(task, false);
            }
        }
        if (other == null) {
            spares.put(accepted.getId(), client);
        }
    }

    /** Those that wait to be accepted; in the order of their ids, for the kernel does not tell theirs. */
    private void pending(FileEntry entry) {
        Made client = made.get(entry.getId());
        FileEntry listener = peer(entry.getUsk());
        if (client == null || listener == null) {
            return;
        }
        name(entry.getUsk(), client.handle);
        connect(client.handle, listener.getUsk());
    }

    private void directed(FileEntry entry) {
        Made sender = made.get(entry.getId());
        FileEntry receiver = peer(entry.getUsk());
        if (sender != null && receiver != null) {
            connect(sender.handle, receiver.getUsk());
        }
    }

    private void connect(Handle handle, UnixSkEntry named) {
        places.in(place(named), () -> UnixName.of(named).connect(task, handle.fd()));
    }

    private int place(UnixSkEntry usk) {
        return placeOf.getOrDefault(usk.getId(), UnixPlaces.REAL);
    }

    /** Puts back what waits in a socket: sent by whoever is connected to it, or by one made for that. */
    private void fill(FileEntry entry) {
        UnixSkEntry usk = entry.getUsk();
        Handle spare = spares.get(entry.getId());
        Made socket = made.get(entry.getId());
        if (spare != null && socket != null) {
            end(socket, spare);
            return;
        }
        List<ImageMessage> messages = image.messages(entry.getId());
        if (messages.isEmpty()) {
            return;
        }
        for (FileEntry sender : image.connectedTo(usk)) {
            Made open = made.get(sender.getId());
            if (open != null) {
                MessageProgram.compile(task, open.handle, usk.getType(), messages);
                return;
            }
        }
        UnixName name = UnixName.of(usk);
        if (!name.isEmpty() && isMessages(usk)) {
            Handle sender = socket(usk.getType());
            connect(sender, usk);
            MessageProgram.compile(task, sender, usk.getType(), messages);
            task.close(sender);
        }
    }

    private void settle(FileEntry entry) {
        Made socket = made.get(entry.getId());
        if (socket == null) {
            return;
        }
        UnixSkEntry usk = socket.usk();
        task.nextBlock();
        int fd = socket.handle.fd();
        SkShutdown shutdown = usk.getShutdown();
        boolean ended = isConnected(usk) && peer(usk) == null && !isMessages(usk);
        if (shutdown != SkShutdown.NONE && !ended) {
            task.block()
                    .call(SyscallNumber.SHUTDOWN)
                    .value(fd)
                    .value(shutdown.getNumber() - 1)
                    .expect(0);
        }
        SocketOptions.compile(task, fd, usk.getOpts(), task.tree().freshSocket(Sockets.AF_UNIX, usk.getType(), 0));
        FileFlags.settle(task, fd, socket.flags, usk.getFlags(), usk.getFown());
    }

    /** Instructions that keep the caller's identity for the other end to ask for (SO_PEERCRED). */
    private interface Instructions {
        void add(ProgramBuilder block);
    }

    private void as(UnixSkEntry usk, Instructions instructions) {
        asPeerOf(usk, () -> instructions.add(task.block()));
    }

    private void asPeerOf(UnixSkEntry usk, Runnable instructions) {
        CredsEntry own = task.process().own().credentials();
        boolean others = usk.hasPeerUid() && usk.getPeerUid() != own.getEuid();
        if (others) {
            identity(usk.getPeerUid(), own.getSuid());
        }
        instructions.run();
        if (others) {
            identity(own.getEuid(), own.getSuid());
        }
    }

    /** The saved id stays, and with it the way back. */
    private void identity(int effective, int saved) {
        task.block()
                .call(SyscallNumber.SETRESUID)
                .value(-1)
                .value(Integer.toUnsignedLong(effective))
                .value(Integer.toUnsignedLong(saved));
    }
}
