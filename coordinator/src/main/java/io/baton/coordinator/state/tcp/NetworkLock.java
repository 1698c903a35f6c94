package io.baton.coordinator.state.tcp;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.NetfilterBatch;
import java.util.List;

/**
 * Holds off the packets of connections while nobody is there to answer them: else the kernel would, by a reset. The table
 * belongs to our socket, so however we end the kernel takes it away. What has to last from a dump to a restore is a table of
 * its own ({@link #keep}).
 */
public final class NetworkLock implements AutoCloseable {
    /** What we send ourselves while all else is dropped has this SO_MARK; CRIU's has, too. */
    public static final int MARK = 0xc114;

    /** In CRIU's images: with nftables. */
    public static final int METHOD_NFTABLES = 1;

    static final int METHOD_SKIP = 2;

    private static final int LONGEST_NAME = 26;

    private final Fd socket;

    private NetworkLock(Fd socket) {
        this.socket = socket;
    }

    /** Name of the table that lasts, of a dump of that id; CRIU has room for so much of it. */
    public static String nameOf(String run) {
        String name = "CRIU-" + run;
        return name.substring(0, Math.min(LONGEST_NAME, name.length()));
    }

    /**
     * Holds off these connections' packets in the network namespace of the calling thread until closed.
     *
     * @throws BatonException SYSTEM with what to do instead, if the kernel does not let us
     */
    public static NetworkLock take(List<Connection> connections) {
        Fd socket = null;
        try {
            socket = NetfilterBatch.open();
            make(socket, "baton-" + ProcessHandle.current().pid() + "-" + System.nanoTime(), connections, true);
            return new NetworkLock(socket);
        } catch (LinuxException e) {
            if (socket != null) {
                socket.close();
            }
            throw new BatonException(
                    ErrorCode.INTERNAL,
                    "packets of TCP connections cannot be held off: " + e.getMessage(),
                    "needs CAP_NET_ADMIN and nf_tables (Linux 5.12); or give --network-lock skip and see to it yourself",
                    e);
        }
    }

    /** Holds them off from now on, whatever becomes of us, until {@link #release}. */
    public static void keep(String name, List<Connection> connections) {
        try (Fd socket = NetfilterBatch.open()) {
            make(socket, name, connections, false);
        }
    }

    private static void make(Fd socket, String name, List<Connection> connections, boolean owned) {
        NetfilterBatch batch = new NetfilterBatch();
        LockTable table = new LockTable(batch, name);
        table.create(owned ? LockTable.OWNED : 0);
        table.add(connections);
        batch.send(socket);
    }

    /** Ends what was to last; returns whether there was such. */
    public static boolean release(String name) {
        try (Fd socket = NetfilterBatch.open()) {
            NetfilterBatch batch = new NetfilterBatch();
            new LockTable(batch, name).delete();
            batch.send(socket);
            return true;
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOENT) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
