package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.SkOptionEntry;
import io.baton.mktree.image.proto.SkOptsEntry;
import io.baton.task.linux.Capabilities;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Memory;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.program.Op;
import io.baton.task.program.ProgramBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/**
 * Options of sockets. CRIU has fields for the common ones; what else a program has set is found by comparing with a new
 * socket of the same kind, and stands in a list of our own. Only what a new socket has not got is set.
 */
final class SocketOptions {
    static final int SO_REUSEADDR = 2;
    static final int SO_REUSEPORT = 15;

    private static final int SO_DONTROUTE = 5;
    private static final int SO_BROADCAST = 6;
    private static final int SO_SNDBUF = 7;
    private static final int SO_RCVBUF = 8;
    private static final int SO_KEEPALIVE = 9;
    private static final int SO_OOBINLINE = 10;
    private static final int SO_NO_CHECK = 11;
    private static final int SO_PRIORITY = 12;
    private static final int SO_LINGER = 13;
    private static final int SO_PASSCRED = 16;
    private static final int SO_RCVLOWAT = 18;
    private static final int SO_RCVTIMEO = 20;
    private static final int SO_SNDTIMEO = 21;
    private static final int SO_BINDTODEVICE = 25;
    private static final int SO_ATTACH_FILTER = 26;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int SO_PASSSEC = 34;
    private static final int SO_MARK = 36;
    private static final int SO_BUF_LOCK = 72;

    private static final int SEND_BUFFER_LOCKED = 1;
    private static final int RECEIVE_BUFFER_LOCKED = 2;
    private static final int DEVICE_NAME = 16;
    private static final int TIMEVAL = 16;
    private static final int FILTER_INSTRUCTION = 8;
    private static final int LONGEST_FILTER = 4096;

    /**
     * Options without a field, by level: of any socket, of IPv4, of IPv6, of TCP, of UDP, of netlink, of packet
     * sockets.
     */
    private static final int[][] OTHERS = {
        {1, 29, 35, 37, 40, 42, 44, 45, 46, 60, 74, 75, 76},
        {0, 1, 2, 5, 6, 7, 8, 10, 11, 12, 13, 15, 19, 20, 21, 22, 24, 25, 26, 32, 33, 34, 49, 50, 51},
        {41, 7, 16, 17, 18, 19, 23, 25, 26, 49, 51, 53, 56, 58, 66, 67, 70, 72, 73, 74, 75, 76, 78},
        {6, 1, 3, 4, 5, 6, 7, 8, 9, 10, 16, 17, 18, 23, 25, 27, 30, 36, 37},
        {17, 1, 100, 101, 102, 103, 104},
        {270, 3, 4, 5, 8, 10, 11, 12},
        {263, 19, 20, 23, 24}
    };

    private static final int SOL_TCP = 6;
    private static final int SOL_UDP = 17;
    private static final int SOL_IPV6 = 41;

    private SocketOptions() {}

    /** Reads the options of a socket. */
    static SkOptsEntry read(int fd, int family, int type, int protocol) {
        SkOptsEntry.Builder entry = SkOptsEntry.newBuilder()
                .setSoSndbuf(number(fd, SO_SNDBUF))
                .setSoRcvbuf(number(fd, SO_RCVBUF))
                .setSoPriority(number(fd, SO_PRIORITY))
                .setSoRcvlowat(number(fd, SO_RCVLOWAT))
                .setReuseaddr(flag(fd, SO_REUSEADDR))
                .setSoReuseport(flag(fd, SO_REUSEPORT))
                .setSoDontroute(flag(fd, SO_DONTROUTE))
                .setSoNoCheck(flag(fd, SO_NO_CHECK))
                .setSoBroadcast(flag(fd, SO_BROADCAST))
                .setSoKeepalive(flag(fd, SO_KEEPALIVE))
                .setSoOobinline(number(fd, SO_OOBINLINE));
        Sockets.optionIfKnown(fd, Sockets.SOL_SOCKET, SO_BUF_LOCK).ifPresent(entry::setSoBufLock);
        int mark = number(fd, SO_MARK);
        if (mark != 0) {
            entry.setSoMark(mark);
        }
        readTimeouts(fd, entry);
        if (family == Sockets.AF_UNIX) {
            entry.setSoPasscred(flag(fd, SO_PASSCRED)).setSoPasssec(flag(fd, SO_PASSSEC));
        }
        ByteBuffer linger = words(Sockets.option(fd, Sockets.SOL_SOCKET, SO_LINGER, 2 * Integer.BYTES));
        if (linger.getInt(0) != 0) {
            entry.setSoLinger(linger.getInt(Integer.BYTES));
        }
        byte[] device = Sockets.option(fd, Sockets.SOL_SOCKET, SO_BINDTODEVICE, DEVICE_NAME);
        if (device.length > 1) {
            entry.setSoBoundDev(new String(device, 0, device.length - 1, StandardCharsets.US_ASCII));
        }
        readFilter(fd, entry);
        readOthers(fd, family, type, protocol, entry);
        return entry.build();
    }

    private static void readTimeouts(int fd, SkOptsEntry.Builder entry) {
        ByteBuffer send = words(Sockets.option(fd, Sockets.SOL_SOCKET, SO_SNDTIMEO, TIMEVAL));
        ByteBuffer receive = words(Sockets.option(fd, Sockets.SOL_SOCKET, SO_RCVTIMEO, TIMEVAL));
        entry.setSoSndTmoSec(send.getLong(0))
                .setSoSndTmoUsec(send.getLong(Long.BYTES))
                .setSoRcvTmoSec(receive.getLong(0))
                .setSoRcvTmoUsec(receive.getLong(Long.BYTES));
    }

    /** The kernel counts the instructions of a filter, not its bytes. CRIU turns each into one number. */
    private static void readFilter(int fd, SkOptsEntry.Builder entry) {
        try (Memory memory = Memory.allocate(Long.BYTES + LONGEST_FILTER * FILTER_INSTRUCTION)) {
            memory.buffer().putInt(0, LONGEST_FILTER);
            long result = SystemCall.call(
                    SyscallNumber.GETSOCKOPT,
                    fd,
                    Sockets.SOL_SOCKET,
                    SO_ATTACH_FILTER,
                    memory.address() + Long.BYTES,
                    memory.address());
            int count = result < 0 ? 0 : memory.buffer().getInt(0);
            for (int i = 0; i < count; i++) {
                int at = Long.BYTES + i * FILTER_INSTRUCTION;
                long code = memory.buffer().getShort(at) & 0xffffL;
                long jumps = ((memory.buffer().getByte(at + 2) & 0xffL) << Byte.SIZE)
                        | (memory.buffer().getByte(at + 3) & 0xffL);
                entry.addSoFilter((code << 48)
                        | (jumps << 32)
                        | Integer.toUnsignedLong(memory.buffer().getInt(at + 4)));
            }
        }
    }

    private static void readOthers(int fd, int family, int type, int protocol, SkOptsEntry.Builder entry) {
        try (Fd fresh = Sockets.open(family, type, protocol)) {
            for (int[] row : OTHERS) {
                int level = row[0];
                for (int i = 1; i < row.length && applies(level, family, type); i++) {
                    if (type == Sockets.SOCK_STREAM && isMulticast(level, row[i])) {
                        continue; // different in accepted ones, and not to be set
                    }
                    OptionalInt value = Sockets.optionIfKnown(fd, level, row[i]);
                    if (value.isPresent() && !value.equals(Sockets.optionIfKnown(fresh.number(), level, row[i]))) {
                        entry.addOther(SkOptionEntry.newBuilder()
                                .setLevel(level)
                                .setName(row[i])
                                .setValue(value.getAsInt()));
                    }
                }
            }
        }
    }

    private static boolean isMulticast(int level, int name) {
        return level == 0 ? (name >= 32 && name <= 34) || name == 49 : level == SOL_IPV6 && name >= 17 && name <= 19;
    }

    private static boolean applies(int level, int family, int type) {
        return switch (level) {
            case Sockets.SOL_SOCKET -> true;
            case SOL_TCP -> isInternet(family) && type == Sockets.SOCK_STREAM;
            case SOL_UDP -> isInternet(family) && type == Sockets.SOCK_DGRAM;
            case SOL_IPV6 -> family == Sockets.AF_INET6;
            case Sockets.SOL_NETLINK -> family == Sockets.AF_NETLINK;
            case Sockets.SOL_PACKET -> family == Sockets.AF_PACKET;
            default -> isInternet(family);
        };
    }

    private static boolean isInternet(int family) {
        return family == Sockets.AF_INET || family == Sockets.AF_INET6;
    }

    private static int number(int fd, int name) {
        return Sockets.option(fd, Sockets.SOL_SOCKET, name);
    }

    private static boolean flag(int fd, int name) {
        return number(fd, name) != 0;
    }

    private static ByteBuffer words(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Sets whatever differs from a new socket, but for {@code SO_REUSEADDR} and {@code SO_REUSEPORT}. */
    static void compile(TaskDescriptors task, int fd, SkOptsEntry wanted, SkOptsEntry fresh) {
        boolean force = task.process().own().has(Capabilities.CAP_NET_ADMIN);
        buffers(task, fd, wanted, fresh, force);
        differing(task, fd, SO_PRIORITY, wanted.getSoPriority(), fresh.getSoPriority());
        differing(task, fd, SO_RCVLOWAT, Math.max(1, wanted.getSoRcvlowat()), Math.max(1, fresh.getSoRcvlowat()));
        differing(task, fd, SO_MARK, wanted.getSoMark(), fresh.getSoMark());
        flag(task, fd, SO_PASSCRED, wanted.getSoPasscred(), fresh.getSoPasscred());
        flag(task, fd, SO_PASSSEC, wanted.getSoPasssec(), fresh.getSoPasssec());
        flag(task, fd, SO_DONTROUTE, wanted.getSoDontroute(), fresh.getSoDontroute());
        flag(task, fd, SO_NO_CHECK, wanted.getSoNoCheck(), fresh.getSoNoCheck());
        flag(task, fd, SO_BROADCAST, wanted.getSoBroadcast(), fresh.getSoBroadcast());
        flag(task, fd, SO_KEEPALIVE, wanted.getSoKeepalive(), fresh.getSoKeepalive());
        differing(task, fd, SO_OOBINLINE, wanted.getSoOobinline(), fresh.getSoOobinline());
        if (wanted.hasSoLinger()) {
            ProgramBuilder block = task.block();
            int linger = block.ints(1, wanted.getSoLinger());
            set(block, fd, Sockets.SOL_SOCKET, SO_LINGER, linger, 2 * Integer.BYTES);
        }
        timeout(task, fd, SO_SNDTIMEO, wanted.getSoSndTmoSec(), wanted.getSoSndTmoUsec());
        timeout(task, fd, SO_RCVTIMEO, wanted.getSoRcvTmoSec(), wanted.getSoRcvTmoUsec());
        if (!wanted.getSoBoundDev().isEmpty()) {
            ProgramBuilder block = task.block();
            int name = block.string(wanted.getSoBoundDev());
            set(
                    block,
                    fd,
                    Sockets.SOL_SOCKET,
                    SO_BINDTODEVICE,
                    name,
                    wanted.getSoBoundDev().length() + 1);
        }
        filter(task, fd, wanted);
        for (SkOptionEntry other : wanted.getOtherList()) {
            number(task, fd, other.getLevel(), other.getName(), other.getValue());
        }
    }

    /** What was not set by the program is what new sockets get; but images of another system may differ. */
    static void buffers(TaskDescriptors task, int fd, SkOptsEntry wanted, SkOptsEntry fresh, boolean force) {
        boolean send = wanted.getSoSndbuf() != fresh.getSoSndbuf();
        boolean receive = wanted.getSoRcvbuf() != fresh.getSoRcvbuf();
        if (send) {
            number(task, fd, Sockets.SOL_SOCKET, force ? SO_SNDBUFFORCE : SO_SNDBUF, wanted.getSoSndbuf() / 2);
        }
        if (receive) {
            number(task, fd, Sockets.SOL_SOCKET, force ? SO_RCVBUFFORCE : SO_RCVBUF, wanted.getSoRcvbuf() / 2);
        }
        int locks = (send ? SEND_BUFFER_LOCKED : 0) | (receive ? RECEIVE_BUFFER_LOCKED : 0);
        if (wanted.hasSoBufLock() && fresh.hasSoBufLock() && wanted.getSoBufLock() != locks) {
            number(task, fd, Sockets.SOL_SOCKET, SO_BUF_LOCK, wanted.getSoBufLock());
        }
    }

    /** Gives a new socket's buffer for sending that size for a while; in bytes, as the kernel counts. */
    static void lendSendBuffer(TaskDescriptors task, int fd, int size) {
        boolean force = task.process().own().has(Capabilities.CAP_NET_ADMIN);
        number(task, fd, Sockets.SOL_SOCKET, force ? SO_SNDBUFFORCE : SO_SNDBUF, size / 2);
    }

    /** The size a new one has. */
    static void takeBackSendBuffer(TaskDescriptors task, int fd, SkOptsEntry fresh) {
        lendSendBuffer(task, fd, fresh.getSoSndbuf());
        if (fresh.hasSoBufLock()) {
            number(task, fd, Sockets.SOL_SOCKET, SO_BUF_LOCK, fresh.getSoBufLock());
        }
    }

    private static void timeout(TaskDescriptors task, int fd, int name, long seconds, long micros) {
        if (seconds != 0 || micros != 0) {
            ProgramBuilder block = task.block();
            set(block, fd, Sockets.SOL_SOCKET, name, block.longs(seconds, micros), TIMEVAL);
        }
    }

    private static void filter(TaskDescriptors task, int fd, SkOptsEntry wanted) {
        if (wanted.getSoFilterCount() == 0) {
            return;
        }
        ByteBuffer code = ByteBuffer.allocate(wanted.getSoFilterCount() * FILTER_INSTRUCTION)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (long instruction : wanted.getSoFilterList()) {
            code.putShort((short) (instruction >>> 48))
                    .put((byte) (instruction >>> 40))
                    .put((byte) (instruction >>> 32))
                    .putInt((int) instruction);
        }
        ProgramBuilder block = task.nextBlock();
        int instructions = block.bytes(code.array());
        int program = block.longs(wanted.getSoFilterCount(), 0);
        block.op(Op.POKE).data(program + Long.BYTES).data(instructions);
        set(block, fd, Sockets.SOL_SOCKET, SO_ATTACH_FILTER, program, 2 * Long.BYTES);
    }

    private static void flag(TaskDescriptors task, int fd, int name, boolean wanted, boolean has) {
        differing(task, fd, name, wanted ? 1 : 0, has ? 1 : 0);
    }

    private static void differing(TaskDescriptors task, int fd, int name, int wanted, int has) {
        if (wanted != has) {
            number(task, fd, Sockets.SOL_SOCKET, name, wanted);
        }
    }

    /** Sets an option that is a number. */
    static void number(TaskDescriptors task, int fd, int level, int name, int value) {
        number(task.block(), fd, level, name, value);
    }

    /** As {@link #number(TaskDescriptors, int, int, int, int)}, in a program that runs later. */
    static void number(ProgramBuilder block, int fd, int level, int name, int value) {
        set(block, fd, level, name, block.ints(value), Integer.BYTES);
    }

    private static void set(ProgramBuilder block, int fd, int level, int name, int data, int length) {
        block.call(SyscallNumber.SETSOCKOPT)
                .value(fd)
                .value(level)
                .value(name)
                .data(data)
                .value(length)
                .expect(0);
    }
}
