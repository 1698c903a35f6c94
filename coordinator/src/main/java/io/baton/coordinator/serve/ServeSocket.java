package io.baton.coordinator.serve;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PacketSocket;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a server listens: a socket in a directory that is its user's alone. As long as it lives it has the directory
 * locked: so there is one at a time, and a socket that a killed one has left is known to be nobody's. {@code find_socket}
 * of {@code native/client.h} finds the same place.
 */
final class ServeSocket implements AutoCloseable {
    private static final String OVERRIDE = "BATON_SERVE_SOCKET";
    private static final int OWNER_ONLY = 0700;
    private static final int OTHERS = 0077;
    private static final int LOCK_EXCLUSIVE_NOW = 2 | 4;

    private final Path path;
    private final Fd directory;
    private final PacketSocket socket;

    private ServeSocket(final Path path, final Fd directory, final PacketSocket socket) {
        this.path = path;
        this.directory = directory;
        this.socket = socket;
    }

    /** The socket's name for a user. */
    static Path path(final Map<String, String> environment, final int uid) {
        final String named = environment.getOrDefault(OVERRIDE, "");
        final String run = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        if (!named.isEmpty()) {
            return Path.of(named);
        } else if (!run.isEmpty()) {
            return Path.of(run, "baton", "serve");
        }
        return uid == 0 ? Path.of("/run/baton/serve") : Path.of("/tmp/baton-" + uid, "serve");
    }

    /** Makes the directory and the socket, and listens. */
    static ServeSocket open(final Path path, final int uid) {
        final Path parent = path.toAbsolutePath().getParent();
        final Fd directory = directory(String.valueOf(parent), uid);
        try {
            final long locked = SystemCall.call(SyscallNumber.FLOCK, directory.number(), LOCK_EXCLUSIVE_NOW);
            if (locked == -Errno.EAGAIN) {
                throw new BatonException(
                        ErrorCode.MISSING_RESOURCE,
                        "a server runs already: " + path,
                        "baton serve --status tells of it, baton serve --stop ends it");
            }
            SystemCall.check(locked, SyscallNumber.FLOCK, parent + "");
            unlink(path); // of one that was killed
            return new ServeSocket(path, directory, PacketSocket.listen(path.toString()));
        } catch (final BatonException | LinuxException e) {
            directory.close();
            throw e;
        }
    }

    private static Fd directory(final String path, final int uid) {
        try {
            Files.makeDirectoryAt(Files.AT_FDCWD, path, OWNER_ONLY);
        } catch (final LinuxException e) {
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
        }
        final Fd directory = Files.open(path, Files.O_DIRECTORY | Files.O_NOFOLLOW | Files.O_CLOEXEC);
        final FileStatus status = Files.status(directory.number());
        if (status.uid() != uid || (status.permissions() & OTHERS) != 0) {
            directory.close();
            throw new BatonException(
                    ErrorCode.NOT_PERMITTED,
                    "the server's directory is not its user's alone: " + path,
                    "remove it, or name another place by " + OVERRIDE);
        }
        return directory;
    }

    /** A connection to the server that listens there, if one does and is ours. */
    static @Nullable PacketSocket connect(final Path path, final int uid) {
        try {
            final PacketSocket socket = PacketSocket.connect(path.toString());
            if (socket.peer().uid() == uid) {
                return socket;
            }
            socket.close();
        } catch (final LinuxException e) {
            // None.
        }
        return null;
    }

    PacketSocket socket() {
        return socket;
    }

    /** Who connects from now on finds nobody. */
    @Override
    public void close() {
        unlink(path);
        socket.close();
        directory.close();
    }

    private static void unlink(final Path path) {
        try {
            Files.unlinkAt(Files.AT_FDCWD, path.toString(), 0);
        } catch (final LinuxException e) {
            if (e.errno() != Errno.ENOENT) {
                throw e;
            }
        }
    }
}
