package io.baton.coordinator.state.tcp;

import io.baton.coordinator.state.namespaces.Namespace;
import io.baton.coordinator.state.namespaces.Visit;
import io.baton.task.linux.Fd;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The TCP connections of a tree that is dumped: their packets are held off from before the first one is read until the tree
 * runs on, or for good. We have copies of the sockets, so that those of a tree that was killed are still there, and can be
 * closed in repair mode: silently, with nothing left in the kernel. So at no moment does a living tree have a socket that
 * somebody else would have to repair.
 */
public final class HeldConnections implements AutoCloseable {
    private final boolean locks;
    private final List<Connection> connections = new ArrayList<>();
    private final List<Fd> sockets = new ArrayList<>();
    private @Nullable NetworkLock lock;
    private boolean holds;
    private boolean own;
    private @Nullable String kept;

    /** None so far. */
    public HeldConnections(boolean locks) {
        this.locks = locks;
    }

    /** Whether they are held off already. */
    public boolean holds() {
        return holds;
    }

    /**
     * Holds them off.
     *
     * @param all of the tree
     * @param task in the network namespace that they are in
     * @param others whether that is not ours
     */
    public void hold(List<Connection> all, int task, boolean others) {
        holds = true;
        own = others;
        connections.addAll(all);
        if (locks && !all.isEmpty()) {
            Supplier<NetworkLock> take = () -> NetworkLock.take(connections);
            lock = others ? Visit.of(task, Namespace.NET, take) : take.get();
        }
    }

    /**
     * Reads one of them.
     *
     * @param socket a copy, which is kept
     */
    public CapturedStream capture(Fd socket) {
        sockets.add(socket);
        return CapturedStream.read(socket.number());
    }

    /** How they are held off, as CRIU counts it: 0 iptables, which with no connections means nothing, 1 nftables, 2 not at all. */
    public int method() {
        if (connections.isEmpty()) {
            return 0;
        }
        return lock == null || own ? NetworkLock.METHOD_SKIP : NetworkLock.METHOD_NFTABLES;
    }

    /** From now on their packets are held off until a restore, even if we end. Those in a network of the tree's own go with it. */
    public void keep(String run) {
        if (lock != null && !own) {
            NetworkLock.keep(NetworkLock.nameOf(run), connections);
            kept = NetworkLock.nameOf(run);
        }
    }

    /** The tree is dead: nobody else has the sockets, and nobody is to hear of their end. */
    public void end() {
        for (Fd socket : sockets) {
            RepairMode.set(socket.number(), RepairMode.ON);
        }
        kept = null;
        close();
    }

    /** All goes on as if nothing had been. */
    @Override
    public void close() {
        sockets.forEach(Fd::close);
        sockets.clear();
        if (kept != null) {
            NetworkLock.release(kept);
            kept = null;
        }
        if (lock != null) {
            lock.close();
            lock = null;
        }
    }
}
