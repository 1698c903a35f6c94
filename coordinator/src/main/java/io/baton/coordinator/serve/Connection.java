package io.baton.coordinator.serve;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.launch.Parent;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PacketSocket;
import io.baton.task.linux.Poll;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.VanishedException;
import io.baton.task.linux.WaitStatus;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One client, and the parent of what is restored for it. Packets come when they are asked for, but for the wish to end
 * and the end itself.
 */
final class Connection implements Parent, AutoCloseable {
    private static final int CLONE_NEWPID = 0x2000_0000;
    private static final int SIGKILL = 9;
    private static final int LONGEST_TEXT = 32 * 1024;
    private static final long GLANCE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private final PacketSocket socket;
    private final int pid;
    private final Poll poll = new Poll(1);
    private final byte[] packet = new byte[ClientDescriptor.LAUNCH_LENGTH];
    private final UnsafeBuffer buffer = new UnsafeBuffer(packet);
    private boolean cancelled;
    private boolean gone;
    private long lookedNanos;

    Connection(final PacketSocket socket, final int pid) {
        this.socket = socket;
        this.pid = pid;
        poll.add(socket.fd().number(), Poll.POLLIN);
    }

    @Override
    public int pid() {
        return pid;
    }

    /** The packet it begins with, or null. */
    synchronized UnsafeBuffer first() {
        final int length = socket.receive(packet);
        return new UnsafeBuffer(packet, 0, length);
    }

    /** Whether it wants to end, or has. */
    synchronized boolean isCancelled() {
        final long now = System.nanoTime();
        if (!cancelled && !gone && now - lookedNanos >= GLANCE_NANOS) {
            lookedNanos = now;
            while (!gone && poll.await(0) > 0) {
                take();
            }
        }
        return cancelled || gone;
    }

    @Override
    public synchronized boolean isGone() {
        return gone;
    }

    /** Takes the next packet; returns its type, 0 at the end. */
    private byte take() {
        final int length = socket.receive(packet);
        if (length == 0) {
            gone = true;
            return 0;
        }
        cancelled |= packet[0] == ClientDescriptor.CANCEL;
        return packet[0];
    }

    /** Whether the answer has come. */
    private boolean await(final byte type) {
        byte taken;
        do {
            taken = take();
        } while (taken != 0 && taken != type);
        return taken == type;
    }

    private boolean send(final byte[] bytes, final int offset, final int length, final List<Fd> descriptors) {
        if (!gone && !socket.send(bytes, offset, length, descriptors)) {
            gone = true;
        }
        return !gone;
    }

    /** Sends a packet that is nothing but its type. */
    synchronized void say(final byte type) {
        send(new byte[] {type}, 0, 1, List.of());
    }

    /** Sends a packet with a number. */
    synchronized boolean say(final byte type, final int number) {
        final byte[] bytes = new byte[ClientDescriptor.NUMBER_LENGTH];
        bytes[0] = type;
        new UnsafeBuffer(bytes).putInt(ClientDescriptor.NUMBER_OFFSET, number);
        return send(bytes, 0, bytes.length, List.of());
    }

    /** Sends what goes to standard output or standard error. */
    synchronized void print(final byte type, final byte[] text, final int offset, final int length) {
        for (int at = 0; at < length; at += LONGEST_TEXT) {
            final int part = Math.min(LONGEST_TEXT, length - at);
            final byte[] bytes = new byte[part + 1];
            bytes[0] = type;
            System.arraycopy(text, offset + at, bytes, 1, part);
            send(bytes, 0, bytes.length, List.of());
        }
    }

    @Override
    public synchronized int spawn(
            final Fd executable, final String name, final List<Given> descriptors, final boolean newPidNamespace) {
        final byte[] bytes = new byte[ClientDescriptor.LAUNCH_LENGTH];
        final UnsafeBuffer launch = new UnsafeBuffer(bytes);
        final byte[] called = name.getBytes(StandardCharsets.US_ASCII);
        if (called.length >= ClientDescriptor.LAUNCH_NAME_LENGTH
                || descriptors.size() > ClientDescriptor.MOST_LAUNCHED) {
            throw new IllegalArgumentException("does not fit: name=" + name + ", descriptors=" + descriptors.size());
        }
        launch.putByte(0, ClientDescriptor.LAUNCH);
        launch.putLong(ClientDescriptor.LAUNCH_FLAGS_OFFSET, newPidNamespace ? CLONE_NEWPID : 0);
        launch.putBytes(ClientDescriptor.LAUNCH_NAME_OFFSET, called);
        final List<Fd> all = new ArrayList<>(List.of(executable));
        for (int i = 0; i < descriptors.size(); i++) {
            final int at = ClientDescriptor.LAUNCH_NUMBERS_OFFSET + i * Integer.BYTES;
            launch.putInt(at, descriptors.get(i).theirs());
            all.add(descriptors.get(i).ours());
        }
        if (!send(bytes, 0, bytes.length, all) || !await(ClientDescriptor.LAUNCHED)) {
            throw new BatonException(ErrorCode.INTERRUPTED, "interrupted: who asked for it has gone", "");
        }
        final int child = buffer.getInt(ClientDescriptor.NUMBER_OFFSET);
        if (child < 0) {
            throw new LinuxException("clone3", -child, name);
        }
        return child;
    }

    @Override
    public synchronized WaitStatus reap(final int child) {
        if (say(ClientDescriptor.REAP, child) && await(ClientDescriptor.REAPED)) {
            final int result = buffer.getInt(ClientDescriptor.REAPED_RESULT_OFFSET);
            if (result < 0) {
                throw new LinuxException("wait4", -result, "pid=" + child);
            }
            return new WaitStatus(result, buffer.getInt(ClientDescriptor.REAPED_STATUS_OFFSET));
        }
        // With its parent goes the helper; others reap it.
        return isAlive(child) ? new WaitStatus(0, 0) : new WaitStatus(child, SIGKILL);
    }

    private static boolean isAlive(final int child) {
        try (ProcFs proc = new ProcFs()) {
            return !proc.stat(child).isZombie();
        } catch (final VanishedException e) {
            return false;
        } catch (final LinuxException e) {
            return e.errno() != Errno.ENOENT && e.errno() != Errno.ESRCH;
        }
    }

    @Override
    public void close() {
        poll.close();
        socket.close();
    }
}
