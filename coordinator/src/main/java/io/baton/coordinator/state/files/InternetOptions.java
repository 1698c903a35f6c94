package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.InetSkEntry;
import io.baton.mktree.image.proto.IpOptsEntry;
import io.baton.mktree.image.proto.TcpOptsEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/**
 * The options of internet sockets that CRIU has fields for. Our own images have them a second time, among all others, in the
 * list of {@link SocketOptions}.
 */
final class InternetOptions {
    static final int SOL_IPV6 = 41;

    private static final int SOL_IP = 0;
    private static final int SOL_TCP = 6;
    private static final int IP_TOS = 1;
    private static final int IP_TTL = 2;
    private static final int IP_PKTINFO = 8;
    private static final int IP_FREEBIND = 15;
    private static final int IPV6_RECVPKTINFO = 49;
    private static final int IPV6_FREEBIND = 78;
    private static final int TCP_NODELAY = 1;
    private static final int TCP_CORK = 3;
    private static final int TCP_KEEPIDLE = 4;
    private static final int TCP_KEEPINTVL = 5;
    private static final int TCP_KEEPCNT = 6;
    private static final int TCP_CONGESTION = 13;
    private static final int LONGEST_NAME = 16;

    private InternetOptions() {}

    static void read(int fd, int family, int protocol, InetSkEntry.Builder entry) {
        IpOptsEntry.Builder ip = entry.getIpOptsBuilder();
        Sockets.optionIfKnown(fd, SOL_IP, IP_FREEBIND).ifPresent(value -> ip.setFreebind(value != 0));
        if (family == Sockets.AF_INET) {
            ip.setTos(Sockets.option(fd, SOL_IP, IP_TOS)).setTtl(Sockets.option(fd, SOL_IP, IP_TTL));
            Sockets.optionIfKnown(fd, SOL_IP, IP_PKTINFO).ifPresent(value -> ip.setPktinfo(value != 0));
        } else {
            Sockets.optionIfKnown(fd, SOL_IPV6, IPV6_FREEBIND).ifPresent(value -> ip.setFreebind(value != 0));
            Sockets.optionIfKnown(fd, SOL_IPV6, IPV6_RECVPKTINFO).ifPresent(value -> ip.setPktinfo(value != 0));
        }
        if (protocol != SOL_TCP || Sockets.option(fd, Sockets.SOL_SOCKET, Sockets.SO_TYPE) != Sockets.SOCK_STREAM) {
            return;
        }
        entry.getTcpOptsBuilder()
                .setNodelay(Sockets.option(fd, SOL_TCP, TCP_NODELAY) != 0)
                .setCork(Sockets.option(fd, SOL_TCP, TCP_CORK) != 0)
                .setKeepcnt(Sockets.option(fd, SOL_TCP, TCP_KEEPCNT))
                .setKeepidle(Sockets.option(fd, SOL_TCP, TCP_KEEPIDLE))
                .setKeepintvl(Sockets.option(fd, SOL_TCP, TCP_KEEPINTVL))
                .setCongestion(congestion(fd));
    }

    private static String congestion(int fd) {
        byte[] name = Sockets.option(fd, SOL_TCP, TCP_CONGESTION, LONGEST_NAME);
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        return new String(name, 0, length, StandardCharsets.US_ASCII);
    }

    /** Sets what a new socket has not got. */
    static void compile(TaskDescriptors task, int fd, InetSkEntry entry) {
        try (Fd fresh = Sockets.open(entry.getFamily(), entry.getType(), entry.getProto())) {
            Setter set = (level, name, value) -> {
                OptionalInt has = Sockets.optionIfKnown(fresh.number(), level, name);
                if (has.isPresent() && has.getAsInt() != value) {
                    SocketOptions.number(task, fd, level, name, value);
                }
            };
            IpOptsEntry ip = entry.getIpOpts();
            set.option(SOL_IP, IP_FREEBIND, ip.getFreebind() ? 1 : 0);
            if (entry.getFamily() == Sockets.AF_INET) {
                set.option(SOL_IP, IP_PKTINFO, ip.getPktinfo() ? 1 : 0);
                if (ip.hasTos()) {
                    set.option(SOL_IP, IP_TOS, ip.getTos());
                }
                if (ip.hasTtl()) {
                    set.option(SOL_IP, IP_TTL, ip.getTtl());
                }
            } else {
                set.option(SOL_IPV6, IPV6_FREEBIND, ip.getFreebind() ? 1 : 0);
                set.option(SOL_IPV6, IPV6_RECVPKTINFO, ip.getPktinfo() ? 1 : 0);
            }
            if (entry.hasTcpOpts()
                    && entry.getProto() == SOL_TCP
                    && entry.getType() == Sockets.SOCK_STREAM) { // CRIU writes them for all
                compile(task, fd, entry.getTcpOpts(), set, congestion(fresh.number()));
            }
        }
    }

    private static void compile(TaskDescriptors task, int fd, TcpOptsEntry tcp, Setter set, String congestion) {
        set.option(SOL_TCP, TCP_NODELAY, tcp.getNodelay() ? 1 : 0);
        set.option(SOL_TCP, TCP_CORK, tcp.getCork() ? 1 : 0);
        if (tcp.hasKeepcnt()) {
            set.option(SOL_TCP, TCP_KEEPCNT, tcp.getKeepcnt());
        }
        if (tcp.hasKeepidle()) {
            set.option(SOL_TCP, TCP_KEEPIDLE, tcp.getKeepidle());
        }
        if (tcp.hasKeepintvl()) {
            set.option(SOL_TCP, TCP_KEEPINTVL, tcp.getKeepintvl());
        }
        if (tcp.hasCongestion() && !tcp.getCongestion().equals(congestion)) {
            ProgramBuilder block = task.block();
            int name = block.string(tcp.getCongestion());
            block.call(SyscallNumber.SETSOCKOPT)
                    .value(fd)
                    .value(SOL_TCP)
                    .value(TCP_CONGESTION)
                    .data(name)
                    .value(tcp.getCongestion().length())
                    .expect(0);
        }
    }

    /** Sets an option if it differs from a new socket's. */
    private interface Setter {
        void option(int level, int name, int value);
    }
}
