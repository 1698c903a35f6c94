package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.TcpOptions;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.tcp.Connection;
import io.baton.coordinator.state.tcp.RepairMode;
import io.baton.coordinator.state.tcp.RestoredConnections;
import io.baton.coordinator.state.tcp.TcpState;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.InetSkEntry;
import io.baton.mktree.image.proto.SkOptsEntry;
import io.baton.mktree.image.proto.SkShutdown;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.Poll;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TCP and UDP over IPv4 and IPv6, and raw sockets ({@link RawSocket}): unbound, bound, listening, and UDP with a fixed other end. Connections of TCP go on with
 * {@code --tcp-established}, come back closed with {@code --tcp-close}, and are refused without.
 * What waits in a UDP socket is lost, as UDP allows, and that is said.
 */
final class InternetSocket implements FileKind {
    private static final Logger LOG = LoggerFactory.getLogger(InternetSocket.class);

    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int UDP_LITE = 136;
    private static final int UDP_CORK = 1;
    static final int IPV6_V6ONLY = 26;
    private static final int TCP_WINDOW_CLAMP = 10;
    private static final int TCP_INFO = 11;
    private static final int TCP_INFO_LENGTH = 104;
    private static final int TCP_ULP = 31;
    private static final int ULP_NAME = 16;
    private static final int WAITING_OFFSET = 24;
    private static final int BACKLOG_OFFSET = 28;
    private static final int SHUT_RDWR = 2;
    private static final int FIONREAD = 0x541b;

    @Override
    public FdTypes type() {
        return FdTypes.INETSK;
    }

    @Override
    public Account account() {
        return new Account(
                        "internet socket",
                        "getsockopt(2), getsockname(2); connections (--tcp-established) by TCP_REPAIR, their packets held off"
                                + " by nftables until they are back",
                        "socket(2), bind(2), listen(2), connect(2), setsockopt(2); connections in TCP_REPAIR",
                        "InetSkEntry",
                        "TcpStreamEntry")
                .refusing(
                        "an internet socket of type *, protocol * cannot be saved yet",
                        "holds back what it sends (UDP_CORK)",
                        "a TCP connection (*)",
                        "a TCP connection in state * cannot be saved",
                        "a TCP connection that the kernel speaks another protocol on (TCP_ULP) cannot be saved",
                        "urgent data has not been read",
                        "connections wait there to be accepted: *",
                        "has not read all of a connection that is closed");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.isSocketOf(Sockets.AF_INET) || file.isSocketOf(Sockets.AF_INET6);
    }

    /** What the kernel tells of a TCP socket: its state, connections that wait, and how many may. */
    private record Tcp(int state, int waiting, int backlog) {
        static Tcp of(Fd socket) {
            ByteBuffer info = ByteBuffer.wrap(Sockets.option(socket.number(), TCP, TCP_INFO, TCP_INFO_LENGTH))
                    .order(ByteOrder.LITTLE_ENDIAN);
            int state = info.get(0);
            boolean listens = state == Sockets.LISTEN;
            return new Tcp(state, listens ? info.getInt(WAITING_OFFSET) : 0, listens ? info.getInt(BACKLOG_OFFSET) : 0);
        }
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        try (Fd socket = file.fetch()) {
            int protocol = protocol(socket);
            if (protocol == TCP && file.socketType() == Sockets.SOCK_STREAM) {
                inspectTcp(file, socket, inspection);
            } else if (isRaw(socket, file.socketType())) {
                return;
            } else if (!isDatagrams(protocol, file.socketType())) {
                inspection.refuse(
                        file,
                        "an internet socket of type " + file.socketType() + ", protocol " + protocol
                                + " cannot be saved yet",
                        "close it before the dump");
            } else if (Sockets.option(socket.number(), UDP, UDP_CORK) != 0) {
                inspection.refuse(file, "holds back what it sends (UDP_CORK)", "let it go before the dump");
            }
        }
    }

    private static void inspectTcp(OpenFile file, Fd socket, FileInspection inspection) {
        Tcp tcp = Tcp.of(socket);
        TcpOptions options = inspection.options().tcp();
        if (TcpState.isConnection(tcp.state)) {
            inspectConnection(file, socket, tcp.state, inspection);
        } else if (tcp.waiting != 0 && !options.skipInFlight()) {
            inspection.refuse(
                    file,
                    "connections wait there to be accepted: " + tcp.waiting,
                    "let them be accepted and closed first, or give --skip-in-flight");
        } else if (tcp.state == Sockets.CLOSE && unread(socket) != 0) {
            inspectEnded(file, options, inspection);
        }
    }

    private static void inspectConnection(OpenFile file, Fd socket, int state, FileInspection inspection) {
        TcpOptions options = inspection.options().tcp();
        if (options.close()) {
            return;
        }
        if (!options.established()) {
            inspection.refuse(
                    file,
                    "a TCP connection (" + TcpState.name(state) + ")",
                    "give --tcp-established, or --tcp-close, or close the connection before the dump");
        } else if (!TcpState.canGoOn(state) || state == TcpState.SYN_SENT) { // whose other end only diag tells
            inspection.refuse(
                    file,
                    "a TCP connection in state " + TcpState.name(state) + " cannot be saved",
                    "wait until it is established");
        } else if (hasProtocolAbove(socket)) {
            inspection.refuse(
                    file,
                    "a TCP connection that the kernel speaks another protocol on (TCP_ULP) cannot be saved",
                    "close the connection before the dump");
        } else if (hasUrgent(socket)) {
            inspection.refuse(file, "urgent data has not been read", "have it read first");
        } else {
            inspection.files().connections().add(file);
        }
    }

    private static void inspectEnded(OpenFile file, TcpOptions options, FileInspection inspection) {
        if (options.established()) {
            inspection.files().ended().add(file);
        } else if (!options.close()) {
            inspection.refuse(
                    file,
                    "has not read all of a connection that is closed",
                    "give --tcp-established, or have it read first");
        }
    }

    private static boolean hasProtocolAbove(Fd socket) {
        try {
            return Sockets.option(socket.number(), TCP, TCP_ULP, ULP_NAME).length > 0;
        } catch (LinuxException e) {
            return false;
        }
    }

    private static boolean hasUrgent(Fd socket) {
        return isReady(socket, Poll.POLLPRI);
    }

    /** A socket that has been shut down is ready without anything to be read. */
    private static boolean hasUnread(Fd socket) {
        return isReady(socket, Poll.POLLIN) && !isReady(socket, Poll.POLLRDHUP);
    }

    private static boolean isReady(Fd socket, int event) {
        try (Poll poll = new Poll(1)) {
            poll.add(socket.number(), event);
            poll.await(0);
            return (poll.events(0) & event) != 0;
        }
    }

    private static int unread(Fd socket) {
        try (Memory count = Memory.allocate(Integer.BYTES)) {
            Files.ioctl(socket.number(), FIONREAD, count.address());
            return count.buffer().getInt(0);
        } catch (LinuxException e) {
            return 0;
        }
    }

    private static int protocol(Fd socket) {
        return Sockets.option(socket.number(), Sockets.SOL_SOCKET, Sockets.SO_PROTOCOL);
    }

    private static boolean isRaw(Fd socket, int type) {
        int family = Sockets.option(socket.number(), Sockets.SOL_SOCKET, Sockets.SO_DOMAIN);
        return RawSocket.is(family, type, protocol(socket));
    }

    private static boolean isDatagrams(int protocol, int type) {
        return type == Sockets.SOCK_DGRAM && (protocol == UDP || protocol == UDP_LITE);
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        if (OpenFiles.of(tree).connections().contains(file)) {
            TcpCapture.hold(tree); // before anything of it is read
        }
        try (Fd socket = file.fetch()) {
            if (isRaw(socket, file.socketType())) {
                RawSocket.capture(file, socket, entry);
                return;
            }
            int fd = socket.number();
            int family = Sockets.option(fd, Sockets.SOL_SOCKET, Sockets.SO_DOMAIN);
            int type = file.socketType();
            int protocol = protocol(socket);
            Tcp tcp = protocol == TCP ? Tcp.of(socket) : new Tcp(Sockets.CLOSE, 0, 0);
            InternetAddress own = InternetAddress.of(Sockets.address(fd));
            InternetAddress peer = peer(fd, family);
            InetSkEntry.Builder isk = entry.getIskBuilder()
                    .setId(entry.getId())
                    .setIno((int) file.status().ino())
                    .setFamily(family)
                    .setType(type)
                    .setProto(protocol)
                    .setState(protocol == TCP || peer.port() == 0 ? tcp.state : Sockets.ESTABLISHED)
                    .setSrcPort(own.port())
                    .setDstPort(peer.port())
                    .setFlags(file.flags())
                    .setBacklog(tcp.backlog)
                    .addAllSrcAddr(own.words())
                    .addAllDstAddr(peer.words())
                    .setFown(file.owner())
                    .setOpts(options(fd, family, type, protocol, tcp.state));
            if (OpenFiles.of(tree).connections().contains(file) && TcpState.isConnection(tcp.state)) {
                TcpCapture.capture(file, isk, tree);
            } else if (OpenFiles.of(tree).ended().contains(file)) {
                TcpCapture.captureEnded(socket, isk, tree);
            }
            if (protocol != TCP && hasUnread(socket)) {
                LOG.warn("pid {}: {}: unread datagrams are lost", file.process().pid(), file.describe());
            }
            if (protocol != TCP) {
                DatagramSockets others = tree.shared(DatagramSockets.class, DatagramSockets::new);
                isk.setShutdown(others.shutdown(file, protocol));
            } else if (!RepairMode.hasReceivedEnd(isk.getState())) {
                captureShutdown(socket, tcp.state == Sockets.CLOSE, isk);
            }
            if (family == Sockets.AF_INET6) {
                isk.setV6Only(Sockets.option(fd, InternetOptions.SOL_IPV6, IPV6_V6ONLY) != 0);
            }
            if (!own.device().isEmpty()) {
                isk.setIfname(own.device());
            }
            InternetOptions.read(fd, family, protocol, isk);
        }
    }

    /** After a connection that has ended, too. A TCP socket without one always says that it hangs. */
    private static void captureShutdown(Fd socket, boolean tcp, InetSkEntry.Builder isk) {
        try (Poll poll = new Poll(1)) {
            poll.add(socket.number(), Poll.POLLRDHUP);
            poll.await(0);
            boolean ended = (poll.events(0) & Poll.POLLRDHUP) != 0;
            if (ended) {
                isk.setShutdown(tcp || (poll.events(0) & Poll.POLLHUP) != 0 ? SkShutdown.BOTH : SkShutdown.READ);
            }
        }
    }

    /** The window is the kernel's to choose once there is a connection. */
    private static SkOptsEntry options(int fd, int family, int type, int protocol, int state) {
        SkOptsEntry options = SocketOptions.read(fd, family, type, protocol);
        if (!TcpState.isConnection(state)) {
            return options;
        }
        SkOptsEntry.Builder chosen = options.toBuilder().clearOther();
        options.getOtherList().stream()
                .filter(option -> option.getLevel() != TCP || option.getName() != TCP_WINDOW_CLAMP)
                .forEach(chosen::addOther);
        return chosen.build();
    }

    private static InternetAddress peer(int fd, int family) {
        try {
            return InternetAddress.of(Sockets.peerAddress(fd));
        } catch (LinuxException e) {
            return InternetAddress.none(family);
        }
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        InetSkEntry isk = entry.getIsk();
        String what = "internet socket " + Integer.toUnsignedString(isk.getIno());
        boolean stream = isk.getType() == Sockets.SOCK_STREAM && isk.getProto() == TCP;
        if (isk.getFamily() != Sockets.AF_INET && isk.getFamily() != Sockets.AF_INET6) {
            validation.refuse(what, "family " + isk.getFamily() + " is none of the internet", "");
        } else if (RawSocket.is(isk)) {
            RawSocket.validate(isk, what, validation);
        } else if (!stream && !isDatagrams(isk.getProto(), isk.getType())) {
            validation.refuse(what, "cannot be restored yet: protocol " + isk.getProto(), "");
        } else if (!InternetAddress.isComplete(isk)) {
            validation.refuse(what, "its address in the image is damaged", "use another image");
        } else if (stream
                && (TcpState.isConnection(isk.getState())
                        || isEnded(isk, validation.process().directory()))) {
            validateConnection(entry, what, validation);
        }
    }

    private static void validateConnection(FileEntry entry, String what, FileValidation validation) {
        InetSkEntry isk = entry.getIsk();
        ImageDirectory directory = validation.process().directory();
        TcpOptions options = validation.process().options().tcp();
        if (options.close()) {
            return;
        } else if (!TcpStream.isIn(directory, isk)) {
            validation.refuse(what, "a TCP connection whose state the image has not got", "give --tcp-close");
        } else if (!options.established()) {
            validation.refuse(what, "a TCP connection", "give --tcp-established, or --tcp-close");
        } else if (!TcpState.canGoOn(isk.getState()) && isk.getState() != TcpState.CLOSE) {
            validation.refuse(what, "a TCP connection in state " + TcpState.name(isk.getState()), "give --tcp-close");
        } else {
            try {
                TcpStream.read(directory, isk);
            } catch (IOException e) {
                validation.refuse(what, String.valueOf(e.getMessage()), "give --tcp-close");
                return;
            }
            RestoredFiles tree = validation.tree();
            RestoredConnections connections = connections(validation.process());
            if (isk.getState() == TcpState.CLOSE) {
                connections.addEnded(entry.getId(), Connection.end(isk.getSrcAddrList(), isk.getSrcPort()));
            } else {
                connections.add(
                        InternetAddress.connection(isk), isk.getOpts().getReuseaddr(), () -> tree.place(entry.getId()));
            }
        }
    }

    private static RestoredConnections connections(ProcessRestore process) {
        return process.shared(RestoredConnections.class, RestoredConnections::new);
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        InetSkEntry isk = entry.getIsk();
        boolean close = task.targetClosesOnExec();
        int waits = isk.getState() == TcpState.SYN_SENT ? Sockets.SOCK_NONBLOCK : 0;
        int type = isk.getType() | (close ? Sockets.SOCK_CLOEXEC : 0) | waits;
        task.block()
                .call(SyscallNumber.SOCKET)
                .value(isk.getFamily())
                .value(type)
                .value(isk.getProto());
        Handle handle = task.expectOpened(close);
        int fd = handle.fd();
        task.bind(entry.getId(), handle);
        SkOptsEntry fresh = task.tree().freshSocket(isk.getFamily(), isk.getType(), isk.getProto());
        boolean goesOn = isk.getProto() == TCP
                && isk.getType() == Sockets.SOCK_STREAM
                && TcpState.isConnection(isk.getState())
                && !task.process().options().tcp().close();
        boolean ended = isEnded(isk, task.process().directory())
                && !task.process().options().tcp().close();
        SkOptsEntry wanted = goesOn || ended ? TcpProgram.options(isk.getOpts(), fresh) : isk.getOpts();
        SocketOptions.compile(task, fd, wanted, fresh);
        InternetOptions.compile(task, fd, isk);
        if (isk.hasV6Only() && isk.getType() != Sockets.SOCK_RAW) { // whose protocol counts as a port it is bound to
            SocketOptions.number(task, fd, InternetOptions.SOL_IPV6, IPV6_V6ONLY, isk.getV6Only() ? 1 : 0);
        }
        if (RawSocket.is(isk)) {
            RawSocket.compile(isk, task, fd);
            finish(isk, task, fd);
            return;
        }
        if (goesOn || ended) {
            TcpProgram program = new TcpProgram(task, fd, isk, TcpCapture.stream(task, isk));
            if (ended) {
                program.compileEnded(fresh, connections(task.process()).madeUpPort(entry.getId()));
            } else {
                program.compile(fresh);
            }
            FileFlags.settle(task, fd, type & Sockets.SOCK_NONBLOCK, isk.getFlags(), isk.getFown());
            return;
        }
        if (isk.getProto() == TCP && TcpState.isConnection(isk.getState())) {
            end(task, fd);
            FileFlags.settle(task, fd, 0, isk.getFlags(), isk.getFown());
            return;
        }
        InternetBinding.compile(entry, task, fd);
        if (isk.getState() == Sockets.LISTEN) {
            task.block()
                    .call(SyscallNumber.LISTEN)
                    .value(fd)
                    .value(Integer.toUnsignedLong(isk.getBacklog()))
                    .expect(0);
        } else if (isk.getDstPort() != 0) {
            address(task, SyscallNumber.CONNECT, fd, InternetAddress.peerOf(isk));
        }
        // Not before listen(2), which looks at the port once more.
        if (!isk.getOpts().getReuseaddr()
                && isk.getProto() == TCP
                && isk.getSrcPort() != 0
                && !InternetBinding.isEnded(isk)) {
            SocketOptions.number(task, fd, Sockets.SOL_SOCKET, SocketOptions.SO_REUSEADDR, 0);
        }
        finish(isk, task, fd);
    }

    private static void finish(InetSkEntry isk, TaskDescriptors task, int fd) {
        if (isk.hasShutdown() && isk.getShutdown() != SkShutdown.NONE) {
            task.block()
                    .call(SyscallNumber.SHUTDOWN)
                    .value(fd)
                    .value(isk.getShutdown().getNumber() - 1)
                    .orErrno(Errno.ENOTCONN);
        }
        FileFlags.settle(task, fd, 0, isk.getFlags(), isk.getFown());
    }

    /** Whether there is more of a connection to be read, but the connection is no more. */
    private static boolean isEnded(InetSkEntry isk, ImageDirectory directory) {
        return isk.getProto() == TCP && isk.getState() == TcpState.CLOSE && TcpStream.isIn(directory, isk);
    }

    /** Without a connection the kernel says ENOTCONN, but from then on reading gives an end of file. */
    private static void end(TaskDescriptors task, int fd) {
        task.block().call(SyscallNumber.SHUTDOWN).value(fd).value(SHUT_RDWR).orErrno(Errno.ENOTCONN);
    }

    /** Calls bind(2) or connect(2). */
    static void address(TaskDescriptors task, int number, int fd, InternetAddress address) {
        byte[] bytes = address.encode();
        ProgramBuilder block = task.block();
        int data = block.bytes(bytes);
        block.call(number).value(fd).data(data).value(bytes.length).expect(0);
    }
}
