package io.baton.coordinator.state.tcp;

import io.baton.coordinator.state.namespaces.Namespace;
import io.baton.coordinator.state.namespaces.Visit;
import io.baton.task.linux.Fd;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The TCP connections of a tree that is restored. Tasks make them in repair mode, and they stay in it until all that may fail
 * is done: a socket that dies in it tells nobody, and a restore can be tried again. Then the packets are let through.
 */
public final class RestoredConnections implements AutoCloseable {
    private final List<Restored> all = new ArrayList<>();
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

    public boolean areAny() {
        return !all.isEmpty();
    }

    /** Holds off their packets until {@link #resume}, or until we end. */
    public void hold() {
        if (areAny() && lock == null) {
            lock = NetworkLock.take(all.stream().map(Restored::connection).toList());
        }
    }

    /** The same in the network namespace of a task. */
    public void holdInside(int task) {
        if (!areAny()) {
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
