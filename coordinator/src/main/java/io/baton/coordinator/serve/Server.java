package io.baton.coordinator.serve;

import io.baton.task.linux.Fd;
import io.baton.task.linux.FileStatus;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PacketSocket;
import io.baton.task.linux.Poll;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Runs commands for clients of the same user, each on a thread of its own, at the same time: ptrace and parent-death
 * signals are a thread's, and so here are working directory and umask. What cannot be done here exactly as the client's own
 * JVM would do it, the client is told to do itself.
 */
public final class Server implements AutoCloseable {
    private static final int CLONE_FS = 0x200;
    private static final long GLANCE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final ServeSocket socket;
    private final int uid;
    private final Commands commands;
    private final CallerCheck check = new CallerCheck();
    private final @Nullable Path jar;
    private final @Nullable FileStatus built;
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger served = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicLong lastNanos = new AtomicLong(System.nanoTime());
    private volatile boolean stopping;
    private volatile boolean ending;

    /** What runs commands. */
    public interface Commands {
        /** Gets a command ready without doing anything; null if it cannot be run here. */
        @Nullable
        Command prepare(Asker asker);
    }

    /** A command that can be run. */
    public interface Command {
        /** Runs it; returns its exit status. */
        int run();
    }

    private Server(final ServeSocket socket, final int uid, final Commands commands, final @Nullable Path jar) {
        this.socket = socket;
        this.uid = uid;
        this.commands = commands;
        this.jar = jar;
        this.built = jar == null ? null : status(jar);
    }

    /**
     * A server that listens.
     *
     * @param jar where its classes come from: it ends when that is another
     * @throws io.baton.coordinator.error.BatonException if one runs already
     */
    public static Server listen(
            final Map<String, String> environment, final Commands commands, final @Nullable Path jar) {
        final int uid = Identity.uid();
        return new Server(ServeSocket.open(path(environment), uid), uid, commands, jar);
    }

    /** Where one listens. */
    public static Path path(final Map<String, String> environment) {
        return ServeSocket.path(environment, Identity.uid());
    }

    /**
     * Asks a running server what it does, or to end when it has done that.
     *
     * @return what it says; null if none runs
     */
    public static @Nullable String ask(final Map<String, String> environment, final boolean toStop) {
        final PacketSocket socket = ServeSocket.connect(path(environment), Identity.uid());
        if (socket == null) {
            return null;
        }
        try (socket;
                Connection connection = new Connection(socket, 0)) {
            connection.say(toStop ? ClientDescriptor.STOP : ClientDescriptor.STATUS);
            final byte[] packet = new byte[PacketSocket.LONGEST];
            final StringBuilder text = new StringBuilder();
            for (int length = socket.receive(packet); length > 0; length = socket.receive(packet)) {
                text.append(new String(packet, 1, length - 1, StandardCharsets.UTF_8));
            }
            return text.toString();
        }
    }

    /**
     * Serves until it is told to stop, or nobody has asked for so long.
     *
     * @param idleNanos 0: for ever
     */
    public void run(final long idleNanos) {
        try (Poll poll = new Poll(1)) {
            poll.add(socket.socket().fd().number(), Poll.POLLIN);
            while (!stopping && !isIdle(idleNanos)) {
                if (poll.await(GLANCE_NANOS) > 0) {
                    accept();
                }
            }
        }
    }

    private boolean isIdle(final long idleNanos) {
        return idleNanos > 0 && running.get() == 0 && System.nanoTime() - lastNanos.get() > idleNanos;
    }

    /** Ends it soon, from another thread; what runs is undone. */
    public void end() {
        ending = true;
        stopping = true;
    }

    private void accept() {
        final PacketSocket client = socket.socket().accept();
        final PacketSocket.Peer peer = client.peer();
        if (peer.uid() != uid || peer.pid() <= 0) {
            client.close(); // not root either: what it may is not what we may
            return;
        }
        running.incrementAndGet();
        final Thread thread = new Thread(() -> serve(client, peer.pid()), "client-" + peer.pid());
        thread.setDaemon(true);
        thread.start();
    }

    private void serve(final PacketSocket client, final int pid) {
        try (Connection connection = new Connection(client, pid)) {
            final UnsafeBuffer first = connection.first();
            final byte type = first.capacity() == 0 ? 0 : first.getByte(0);
            if (type == ClientDescriptor.STATUS || type == ClientDescriptor.STOP) {
                tell(connection, type == ClientDescriptor.STOP);
            } else if (type == ClientDescriptor.HELLO && first.capacity() == ClientDescriptor.HELLO_LENGTH) {
                serve(connection, first);
            }
        } catch (final LinuxException e) {
            // It went in the middle of what it said.
        } finally {
            lastNanos.set(System.nanoTime());
            running.decrementAndGet();
        }
    }

    private void tell(final Connection connection, final boolean toStop) {
        final String text = "pid " + Identity.pid() + ", running " + (running.get() - 1) + ", served " + served.get()
                + ", left to their own JVM " + refused.get() + System.lineSeparator();
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        connection.print(ClientDescriptor.OUT, bytes, 0, bytes.length);
        stopping |= toStop;
    }

    private void serve(final Connection connection, final UnsafeBuffer hello) {
        final Caller caller = stopping
                        || isRebuilt()
                        || hello.getInt(ClientDescriptor.HELLO_VERSION_OFFSET) != ClientDescriptor.VERSION
                ? null
                : check.check(
                        connection.pid(),
                        hello.getInt(ClientDescriptor.HELLO_SECURE_BITS_OFFSET),
                        hello.getInt(ClientDescriptor.HELLO_ARGUMENTS_OFFSET),
                        hello.getInt(ClientDescriptor.HELLO_COLUMNS_OFFSET));
        final Asker asker = caller == null ? null : new Asker(connection, caller, () -> ending);
        final Command command = asker == null || !enter(connection, asker.caller()) ? null : commands.prepare(asker);
        if (asker == null || command == null) {
            refused.incrementAndGet();
            connection.say(ClientDescriptor.FALL_BACK);
            return;
        }
        connection.say(ClientDescriptor.BEGUN);
        served.incrementAndGet();
        final int status = command.run();
        if (status == 0 && asker.awaited() != 0) {
            connection.say(ClientDescriptor.AWAIT, asker.awaited());
        } else {
            connection.say(ClientDescriptor.EXIT, status);
        }
    }

    /** From here on relative names are the client's, and files are made with its umask, on this thread. */
    private static boolean enter(final Connection connection, final Caller caller) {
        try (Fd directory = Files.open("/proc/" + connection.pid() + "/cwd", Files.O_PATH | Files.O_CLOEXEC)) {
            SystemCall.check(SystemCall.call(SyscallNumber.UNSHARE, CLONE_FS), SyscallNumber.UNSHARE);
            SystemCall.check(SystemCall.call(SyscallNumber.FCHDIR, directory.number()), SyscallNumber.FCHDIR);
            SystemCall.call(SyscallNumber.UMASK, caller.umask());
            return true;
        } catch (final LinuxException e) {
            return false;
        }
    }

    /** Another build's clients must not be served by this one's classes. */
    private boolean isRebuilt() {
        if (jar == null) {
            return false;
        }
        final FileStatus now = status(jar);
        final boolean rebuilt = built == null
                || now == null
                || now.ino() != built.ino()
                || !now.modified().equals(built.modified());
        stopping |= rebuilt;
        return rebuilt;
    }

    private static @Nullable FileStatus status(final Path path) {
        try {
            return Files.statusAt(Files.AT_FDCWD, path.toString(), 0);
        } catch (final LinuxException e) {
            return null;
        }
    }

    /** Who is served yet is served to the end, or undone if it takes long. */
    @Override
    public void close() {
        stopping = true;
        socket.close();
        final long until = System.nanoTime() + PATIENCE_NANOS;
        while (running.get() > 0 && System.nanoTime() - until < 0) {
            try {
                TimeUnit.MILLISECONDS.sleep(5);
            } catch (final InterruptedException e) {
                return;
            }
        }
    }
}
