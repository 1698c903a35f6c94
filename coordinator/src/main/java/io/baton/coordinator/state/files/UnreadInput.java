package io.baton.coordinator.state.files;

import com.google.protobuf.ByteString;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What waits in the two directions of a pseudo terminal that nobody has read yet. The kernel lets nobody look at it, only
 * take it; so it is taken and put back at once, while everybody stands still, with a line discipline that changes nothing
 * on the way: neither echoes nor signals nor translations, but lines stay lines.
 */
final class UnreadInput {
    private static final long TCGETS = 0x5401;
    private static final long TCSETS = 0x5402;
    private static final long FIONREAD = 0x541b;
    private static final long TIOCGPTPEER = 0x5441;
    private static final int LOCAL_FLAGS = 12;
    private static final int CONTROL_FLAGS = 8;
    private static final int ICANON = 2;
    private static final int POLL_EVENTS = 4;
    private static final int POLL_RETURNED = 6;
    private static final short POLLIN = 1;
    private static final int POLLHUP = 16;
    private static final int ROOM = 64 * 1024;

    private UnreadInput() {}

    /**
     * What a pair holds.
     *
     * @param master what waits for whoever reads the master
     * @param slave what waits for whoever reads the slave
     */
    record Both(ByteString master, ByteString slave) {
        static final Both NOTHING = new Both(ByteString.EMPTY, ByteString.EMPTY);
    }

    /**
     * Looks at it.
     *
     * @param open whether anybody has the slave open
     */
    static Both of(Fd master, boolean open) {
        if (!open && (poll(master) & POLLHUP) == 0) {
            return Both.NOTHING; // nobody ever had it open; who opens it now, and closes it, has hung up
        }
        int mode = Files.O_RDWR | Files.O_NOCTTY | Files.O_CLOEXEC | Files.O_NONBLOCK;
        long opened = SystemCall.call(SyscallNumber.IOCTL, master.number(), TIOCGPTPEER, mode);
        try (Fd slave = Fd.own((int) SystemCall.check(opened, SyscallNumber.IOCTL));
                Memory saved = Memory.allocate(TerminalSettings.LENGTH + Long.BYTES);
                Memory room = Memory.allocate(ROOM)) {
            Files.ioctl(slave.number(), TCGETS, saved.address());
            boolean packets = PseudoTerminal.read(master, PseudoTerminal.TIOCGPKT) != 0;
            try {
                packets(master, false);
                // Without lines, a part of one can be read too.
                settle(slave, saved, false);
                byte[] input = drain(slave, Integer.MAX_VALUE, room);
                settle(slave, saved, true);
                put(master, input, room);
                byte[] output = drain(master, readable(master), room);
                put(slave, output, room);
                return new Both(ByteString.copyFrom(output), ByteString.copyFrom(input));
            } finally {
                Files.ioctl(slave.number(), TCSETS, saved.address());
                packets(master, packets);
            }
        }
    }

    private static void packets(Fd master, boolean on) {
        try (Memory memory = Memory.allocate(Long.BYTES)) {
            memory.buffer().putInt(0, on ? 1 : 0);
            Files.ioctl(master.number(), PseudoTerminal.TIOCPKT, memory.address());
        }
    }

    /** Bytes that a read gets without waiting. What was written last may still be on its way: poll(2) brings it. */
    private static int readable(Fd terminal) {
        poll(terminal);
        return PseudoTerminal.read(terminal, FIONREAD);
    }

    private static int poll(Fd terminal) {
        try (Memory polled = Memory.allocate(Long.BYTES)) {
            polled.buffer().putInt(0, terminal.number());
            polled.buffer().putShort(POLL_EVENTS, POLLIN);
            SystemCall.check(SystemCall.call(SyscallNumber.POLL, polled.address(), 1, 0), SyscallNumber.POLL);
            return polled.buffer().getShort(POLL_RETURNED);
        }
    }

    private static void settle(Fd slave, Memory saved, boolean lines) {
        byte[] settings = new byte[TerminalSettings.LENGTH];
        saved.buffer().getBytes(0, settings);
        try (Memory plain = Memory.allocate(TerminalSettings.LENGTH + Long.BYTES)) {
            plain.buffer().putBytes(0, plain(settings));
            if (!lines) {
                plain.buffer().putInt(LOCAL_FLAGS, 0);
            }
            Files.ioctl(slave.number(), TCSETS, plain.address());
        }
    }

    /** A {@code struct termios} that changes nothing on the way; of the one given it keeps the kind of lines and the speed. */
    static byte[] plain(byte[] termios) {
        UnsafeBuffer given = new UnsafeBuffer(termios);
        UnsafeBuffer plain = new UnsafeBuffer(new byte[TerminalSettings.LENGTH]);
        plain.putInt(CONTROL_FLAGS, given.getInt(CONTROL_FLAGS));
        plain.putInt(LOCAL_FLAGS, given.getInt(LOCAL_FLAGS) & ICANON);
        return plain.byteArray();
    }

    private static byte[] drain(Fd terminal, int limit, Memory room) {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        while (read.size() < limit) {
            int wanted = Math.min(limit - read.size(), ROOM);
            long length = SystemCall.call(SyscallNumber.READ, terminal.number(), room.address(), wanted);
            if (length <= 0) {
                break;
            }
            byte[] bytes = new byte[(int) length];
            room.buffer().getBytes(0, bytes);
            read.writeBytes(bytes);
        }
        return read.toByteArray();
    }

    private static void put(Fd terminal, byte[] bytes, Memory room) {
        for (int from = 0; from < bytes.length; ) {
            byte[] rest = Arrays.copyOfRange(bytes, from, bytes.length);
            room.buffer().putBytes(0, rest);
            long length = SystemCall.call(SyscallNumber.WRITE, terminal.number(), room.address(), rest.length);
            if (length <= 0) {
                throw LinuxException.of(SyscallNumber.WRITE, length, "a terminal's unread input");
            }
            from += (int) length;
        }
    }
}
