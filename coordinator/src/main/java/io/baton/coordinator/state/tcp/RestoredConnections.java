package io.baton.coordinator.state.tcp;

import io.baton.coordinator.state.namespaces.Namespace;
import io.baton.coordinator.state.namespaces.Visit;
import io.baton.task.linux.Fd;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The TCP connections of a tree that is restored. Tasks make them in repair mode, and they stay in it until all that may fail
 * is done: a socket that dies in it tells nobody, and a restore can be tried again. Then the packets are let through.
 */
public final class RestoredConnections implements AutoCloseable {
    private static final int MADE_UP_PORTS = 32_000;

    private final List<Restored> all = new ArrayList<>();
    /** By socket: connections that are over, with other ends that we have made up. */
    private final Map<Integer, Connection> ended = new LinkedHashMap<>();

    private @Nullable NetworkLock lock;

    /**
     * Where a socket is open.
     *
     * @param task by its own name for itself
     * @param flags of pidfd_open(2)
     * @param fd there
     */
    public record Place(int task, int flags, int fd) {}

    /**
     * One of them.
     *
     * @param reuse whether it has SO_REUSEADDR, which repair mode takes away
     * @param place known once it has been compiled
     */
    private record Restored(Connection connection, boolean reuse, Supplier<Place> place) {}

    /** One more will be made. */
    public void add(Connection connection, boolean reuse, Supplier<Place> place) {
        all.add(new Restored(connection, reuse, place));
    }

    /**
     * A socket will be made whose connection is over, and which has something left to be read: with an other end on our own
     * address, where nobody is. We would be told so, were those packets not held off as well. A number is free for that end
     * unless it was used for the same within a minute.
     *
     * @param id of the socket
     */
    public void addEnded(int id, InetSocketAddress own) {
        int port = MADE_UP_PORTS + Math.floorMod(System.nanoTime() / 1000, MADE_UP_PORTS);
        ended.put(id, new Connection(own, new InetSocketAddress(own.getAddress(), port)));
    }

    /** Port of the made-up other end of a socket. */
    public int madeUpPort(int id) {
        return Objects.requireNonNull(ended.get(id), "refused by validate")
                .peer()
                .getPort();
    }

    public boolean areAny() {
        return !all.isEmpty();
    }

    /** Holds off their packets until {@link #resume}, or until we end. */
    public void hold() {
        if ((areAny() || !ended.isEmpty()) && lock == null) {
            List<Connection> connections =
                    new ArrayList<>(all.stream().map(Restored::connection).toList());
            connections.addAll(ended.values());
            lock = NetworkLock.take(connections);
        }
    }

    /** The same in the network namespace of a task. */
    public void holdInside(int task) {
        if (!areAny() && ended.isEmpty()) {
            return; // in a pid namespace besides, the task has no name out here yet
        }
        Visit.of(task, Namespace.NET, () -> {
            hold();
            return true;
        });
    }

    /**
     * All tasks are whole, and none runs: the connections go on.
     *
     * @param ids our names for tasks
     * @param kept name of what holds packets off since the dump; null for nothing
     */
    public void resume(IntUnaryOperator ids, @Nullable String kept) {
        List<Fd> sockets = new ArrayList<>();
        try {
            for (Restored one : all) {
                sockets.add(fetch(one.place.get(), ids));
            }
            for (int i = 0; i < sockets.size(); i++) {
                RepairMode.leave(sockets.get(i).number(), RepairMode.OFF_SILENTLY, all.get(i).reuse);
            }
            close();
            if (kept != null && areAny()) {
                NetworkLock.release(kept);
            }
            for (int i = 0; i < sockets.size(); i++) { // what got lost meanwhile is asked for at once
                RepairMode.leave(sockets.get(i).number(), RepairMode.OFF, all.get(i).reuse);
            }
        } finally {
            sockets.forEach(Fd::close);
        }
    }

    private static Fd fetch(Place place, IntUnaryOperator ids) {
        int task = ids.applyAsInt(place.task);
        long opened = SystemCall.call(SyscallNumber.PIDFD_OPEN, task, place.flags);
        try (Fd pid = Fd.own((int) SystemCall.check(opened, SyscallNumber.PIDFD_OPEN, "pid", task))) {
            long copy = SystemCall.call(SyscallNumber.PIDFD_GETFD, pid.number(), place.fd, 0);
            return Fd.own((int) SystemCall.check(copy, SyscallNumber.PIDFD_GETFD, "fd", place.fd));
        }
    }

    @Override
    public void close() {
        if (lock != null) {
            lock.close();
            lock = null;
        }
    }
}
