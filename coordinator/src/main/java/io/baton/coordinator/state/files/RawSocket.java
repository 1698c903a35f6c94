package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.InetSkEntry;
import io.baton.mktree.image.proto.IpOptsRawEntry;
import io.baton.mktree.image.proto.SkShutdown;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Poll;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Internet sockets of any protocol (SOCK_RAW), and those that send pings (SOCK_DGRAM of ICMP). They have no connections: a
 * fixed other end at most, which may have no port, so that only {@code /proc} tells of it. Source: {@code raw(7)}, {@code
 * icmp(7)}, {@code ipv6(7)}.
 */
final class RawSocket {
    private static final Logger LOG = LoggerFactory.getLogger(RawSocket.class);

    private static final int ICMP = 1;
    private static final int ICMP_6 = 58;
    private static final int SOL_IP = 0;
    private static final int SOL_RAW = 255;
    private static final int IP_HDRINCL = 3;
    private static final int IP_NODEFRAG = 22;
    private static final int IPV6_HDRINCL = 36;
    private static final int FILTER = 1;
    private static final int FILTER_BYTES = 4;
    private static final int FILTER_BYTES_6 = 32;
    private static final int REMOTE_COLUMN = 2;
    private static final int INODE_COLUMN = 9;
    private static final int HEXADECIMAL = 16;
    private static final int WORD_DIGITS = 8;

    private RawSocket() {}

    /** Whether it is one such. */
    static boolean is(int family, int type, int protocol) {
        boolean ping = type == Sockets.SOCK_DGRAM && protocol == (family == Sockets.AF_INET ? ICMP : ICMP_6);
        return type == Sockets.SOCK_RAW || ping;
    }

    /** Whether an entry of an image is one such. */
    static boolean is(InetSkEntry isk) {
        return is(isk.getFamily(), isk.getType(), isk.getProto());
    }

    static void capture(OpenFile file, Fd socket, FileEntry.Builder entry) {
        int fd = socket.number();
        int family = Sockets.option(fd, Sockets.SOL_SOCKET, Sockets.SO_DOMAIN);
        int type = file.socketType();
        int protocol = Sockets.option(fd, Sockets.SOL_SOCKET, Sockets.SO_PROTOCOL);
        InternetAddress own = InternetAddress.of(Sockets.address(fd));
        InternetAddress peer = peer(file, fd, family, type);
        InetSkEntry.Builder isk = entry.getIskBuilder()
                .setId(entry.getId())
                .setIno((int) file.status().ino())
                .setFamily(family)
                .setType(type)
                .setProto(protocol)
                .setState(peer == null ? Sockets.CLOSE : Sockets.ESTABLISHED)
                .setSrcPort(own.port())
                .setDstPort(peer == null ? 0 : peer.port())
                .setFlags(file.flags())
                .setBacklog(0)
                .addAllSrcAddr(own.words())
                .addAllDstAddr(peer == null ? InternetAddress.none(family).words() : peer.words())
                .setFown(file.owner())
                .setOpts(SocketOptions.read(fd, family, type, protocol));
        if (family == Sockets.AF_INET6) {
            Sockets.optionIfKnown(fd, InternetOptions.SOL_IPV6, InternetSocket.IPV6_V6ONLY)
                    .ifPresent(only -> isk.setV6Only(only != 0));
        }
        if (!own.device().isEmpty()) {
            isk.setIfname(own.device());
        }
        captureQueue(file, socket, isk);
        InternetOptions.read(fd, family, protocol, isk);
        if (type == Sockets.SOCK_RAW) {
            captureRaw(fd, family, protocol, isk.getIpOptsBuilder().getRawBuilder());
        }
    }

    private static void captureQueue(OpenFile file, Fd socket, InetSkEntry.Builder isk) {
        try (Poll poll = new Poll(1)) {
            poll.add(socket.number(), Poll.POLLIN | Poll.POLLRDHUP);
            poll.await(0);
            int events = poll.events(0);
            if ((events & Poll.POLLRDHUP) != 0) {
                isk.setShutdown((events & Poll.POLLHUP) != 0 ? SkShutdown.BOTH : SkShutdown.READ);
            } else if ((events & Poll.POLLIN) != 0) {
                LOG.warn("pid {}: {}: unread packets are lost", file.process().pid(), file.describe());
            }
        }
    }

    private static void captureRaw(int fd, int family, int protocol, IpOptsRawEntry.Builder raw) {
        boolean old = family == Sockets.AF_INET;
        raw.setHdrincl(
                Sockets.option(fd, old ? SOL_IP : InternetOptions.SOL_IPV6, old ? IP_HDRINCL : IPV6_HDRINCL) != 0);
        if (old) {
            raw.setNodefrag(Sockets.option(fd, SOL_IP, IP_NODEFRAG) != 0);
        }
        raw.addAllIcmpvFilter(filter(fd, family, protocol));
    }

    /** Which messages of ICMP are not let through, in words; empty for other protocols. */
    private static List<Integer> filter(int fd, int family, int protocol) {
        List<Integer> words = new ArrayList<>();
        if (protocol == (family == Sockets.AF_INET ? ICMP : ICMP_6)) {
            ByteBuffer bits = ByteBuffer.wrap(Sockets.option(fd, filterLevel(family), FILTER, filterBytes(family)))
                    .order(ByteOrder.LITTLE_ENDIAN);
            while (bits.remaining() >= Integer.BYTES) {
                words.add(bits.getInt());
            }
        }
        return words;
    }

    private static int filterLevel(int family) {
        return family == Sockets.AF_INET ? SOL_RAW : ICMP_6;
    }

    private static int filterBytes(int family) {
        return family == Sockets.AF_INET ? FILTER_BYTES : FILTER_BYTES_6;
    }

    /** The fixed other end, or null. One without a port getpeername(2) does not tell. */
    private static @Nullable InternetAddress peer(OpenFile file, int fd, int family, int type) {
        try {
            return InternetAddress.of(Sockets.peerAddress(fd));
        } catch (LinuxException e) {
            String name = (type == Sockets.SOCK_RAW ? "net/raw" : "net/icmp") + (family == Sockets.AF_INET ? "" : "6");
            return listed(lines(file.process().procPath(name)), file.status().ino(), family);
        }
    }

    /** Those of a table of the process's network namespace. */
    private static List<String> lines(String path) {
        try {
            return Files.readAllLines(Path.of(path));
        } catch (IOException e) {
            return List.of();
        }
    }

    private static @Nullable InternetAddress listed(List<String> table, long inode, int family) {
        for (String line : table) {
            String[] columns = line.trim().split("\\s+");
            if (columns.length > INODE_COLUMN && columns[INODE_COLUMN].equals(Long.toString(inode))) {
                String[] remote = columns[REMOTE_COLUMN].split(":");
                List<Integer> words = new ArrayList<>();
                for (int at = 0; at < remote[0].length(); at += WORD_DIGITS) {
                    words.add(Integer.parseUnsignedInt(remote[0].substring(at, at + WORD_DIGITS), HEXADECIMAL));
                }
                int port = Integer.parseInt(remote[1], HEXADECIMAL);
                boolean none = port == 0 && words.stream().allMatch(word -> word == 0);
                return none ? null : new InternetAddress(family, port, words, "");
            }
        }
        return null;
    }

    static void validate(InetSkEntry isk, String what, FileValidation validation) {
        int words = isk.getIpOpts().getRaw().getIcmpvFilterCount();
        if (!InternetAddress.isComplete(isk)) {
            validation.refuse(what, "its address in the image is damaged", "use another image");
        } else if (words != 0 && words * Integer.BYTES != filterBytes(isk.getFamily())) {
            validation.refuse(what, "its filter in the image is damaged", "use another image");
        } else {
            try {
                Sockets.open(isk.getFamily(), isk.getType(), isk.getProto()).close();
            } catch (LinuxException e) {
                validation.refuse(
                        what,
                        "cannot be made here: " + Errno.messageOf(e.errno()),
                        "raw sockets want CAP_NET_RAW, pings a group in /proc/sys/net/ipv4/ping_group_range");
            }
        }
    }

    /** What comes after the options: filter, name, other end. */
    static void compile(InetSkEntry isk, TaskDescriptors task, int fd) {
        if (isk.getType() == Sockets.SOCK_RAW) {
            compileRaw(isk, task, fd);
        }
        boolean ping = isk.getType() == Sockets.SOCK_DGRAM;
        // Of a raw one the port is its protocol.
        if ((ping && isk.getSrcPort() != 0) || isk.getSrcAddrList().stream().anyMatch(word -> word != 0)) {
            InternetSocket.address(task, SyscallNumber.BIND, fd, InternetAddress.of(isk));
        }
        if (isk.getState() == Sockets.ESTABLISHED || isk.getDstPort() != 0) {
            InternetSocket.address(task, SyscallNumber.CONNECT, fd, InternetAddress.peerOf(isk));
        }
    }

    private static void compileRaw(InetSkEntry isk, TaskDescriptors task, int fd) {
        boolean old = isk.getFamily() == Sockets.AF_INET;
        IpOptsRawEntry raw = isk.getIpOpts().getRaw();
        try (Fd fresh = Sockets.open(isk.getFamily(), isk.getType(), isk.getProto())) {
            int level = old ? SOL_IP : InternetOptions.SOL_IPV6;
            int included = old ? IP_HDRINCL : IPV6_HDRINCL;
            boolean has = Sockets.option(fresh.number(), level, included) != 0;
            if (raw.hasHdrincl() && raw.getHdrincl() != has) {
                SocketOptions.number(task, fd, level, included, has ? 0 : 1);
            }
            if (old && raw.getNodefrag()) {
                SocketOptions.number(task, fd, SOL_IP, IP_NODEFRAG, 1);
            }
            List<Integer> filter = raw.getIcmpvFilterList();
            if (!filter.isEmpty() && !filter.equals(filter(fresh.number(), isk.getFamily(), isk.getProto()))) {
                ProgramBuilder block = task.block();
                int bits =
                        block.ints(filter.stream().mapToInt(Integer::intValue).toArray());
                block.call(SyscallNumber.SETSOCKOPT)
                        .value(fd)
                        .value(filterLevel(isk.getFamily()))
                        .value(FILTER)
                        .data(bits)
                        .value(filterBytes(isk.getFamily()))
                        .expect(0);
            }
        }
    }
}
