package io.baton.coordinator.state.files;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.NetlinkSkEntry;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.NetlinkDiag;
import io.baton.task.linux.Poll;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Sockets for talking to the kernel, or by way of it: port, groups, other end, options. What has arrived cannot be put back,
 * for only the kernel sends under its own name. Source: {@code netlink(7)}, {@code linux/netlink.h}.
 */
final class NetlinkSocket implements FileKind {
    private static final int ADD_MEMBERSHIP = 1;
    private static final int LIST_MEMBERSHIPS = 9;
    /** Bytes of as many groups as a family of the kernel may have. */
    private static final int MOST_GROUPS = 8192;

    private static final int PORT_OFFSET = 4;
    private static final int ADDRESS_LENGTH = 12;
    private static final int CONNECTED = 1;

    @Override
    public FdTypes type() {
        return FdTypes.NETLINKSK;
    }

    @Override
    public Account account() {
        return new Account(
                        "netlink socket",
                        "getsockname(2), NETLINK_LIST_MEMBERSHIPS, netlink_diag, getsockopt(2)",
                        "socket(2), bind(2), connect(2), setsockopt(2)",
                        "NetlinkSkEntry")
                .refusing("messages have arrived that have not been read", "the kernel's * is bound to its port");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.isSocketOf(Sockets.AF_NETLINK);
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        try (Fd socket = file.fetch();
                Poll poll = new Poll(1)) {
            poll.add(socket.number(), Poll.POLLIN);
            poll.await(0);
            if ((poll.events(0) & Poll.POLLIN) != 0) {
                inspection.refuse(
                        file, "messages have arrived that have not been read", "have them read before the dump");
            }
            String object = KernelObjects.boundTo(file, protocol(socket), port(Sockets.address(socket.number())));
            if (!object.isEmpty()) {
                inspection.refuse(
                        file, "the kernel's " + object + " is bound to its port", "have it closed before the dump");
            }
        }
    }

    private static int protocol(Fd socket) {
        return Sockets.option(socket.number(), Sockets.SOL_SOCKET, Sockets.SO_PROTOCOL);
    }

    private static int port(byte[] address) {
        return ByteBuffer.wrap(address).order(ByteOrder.LITTLE_ENDIAN).getInt(PORT_OFFSET);
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        try (Fd socket = file.fetch()) {
            int fd = socket.number();
            int protocol = protocol(socket);
            byte[] peer = Sockets.peerAddress(fd);
            int mask = ByteBuffer.wrap(peer).order(ByteOrder.LITTLE_ENDIAN).getInt(2 * PORT_OFFSET);
            NetlinkDiag known = OpenFiles.of(tree).kernelSockets().netlink(file);
            boolean connected = known == null ? port(peer) != 0 || mask != 0 : known.state() == CONNECTED;
            NetlinkSkEntry.Builder netlink = entry.getNlskBuilder()
                    .setId(entry.getId())
                    .setIno((int) file.status().ino())
                    .setProtocol(protocol)
                    .setState(connected ? CONNECTED : 0)
                    .setFlags(file.flags())
                    .setPortid(port(Sockets.address(fd)))
                    .setDstPortid(port(peer))
                    .setDstGroup(mask == 0 ? 0 : Integer.numberOfTrailingZeros(mask) + 1)
                    .setFown(file.owner())
                    .setOpts(SocketOptions.read(fd, Sockets.AF_NETLINK, file.socketType(), protocol));
            netlink.addAllGroups(groups(fd));
            if (file.socketType() != Sockets.SOCK_RAW) { // as which CRIU makes them all
                netlink.setType(file.socketType());
            }
        }
    }

    /** Bits in words, the lowest first, as far as any is set. */
    private static List<Integer> groups(int fd) {
        ByteBuffer bits = ByteBuffer.wrap(Sockets.option(fd, Sockets.SOL_NETLINK, LIST_MEMBERSHIPS, MOST_GROUPS))
                .order(ByteOrder.LITTLE_ENDIAN);
        List<Integer> words = new ArrayList<>();
        while (bits.remaining() >= Integer.BYTES) {
            words.add(bits.getInt());
        }
        while (!words.isEmpty() && words.get(words.size() - 1) == 0) {
            words.remove(words.size() - 1);
        }
        return words;
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        NetlinkSkEntry netlink = entry.getNlsk();
        String what = "netlink socket " + Integer.toUnsignedString(netlink.getIno());
        if (netlink.getGroupsCount() * Integer.BYTES > MOST_GROUPS || netlink.getDstGroup() > Integer.SIZE) {
            validation.refuse(what, "its groups in the image are damaged", "use another image");
            return;
        }
        try {
            Sockets.open(Sockets.AF_NETLINK, kind(netlink), netlink.getProtocol())
                    .close();
        } catch (LinuxException e) {
            validation.refuse(
                    what,
                    "protocol " + netlink.getProtocol() + " cannot be had here: " + Errno.messageOf(e.errno()),
                    "load the kernel's module for it");
        }
    }

    private static int kind(NetlinkSkEntry netlink) {
        return netlink.hasType() ? netlink.getType() : Sockets.SOCK_RAW;
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        NetlinkSkEntry netlink = entry.getNlsk();
        boolean close = task.targetClosesOnExec();
        task.block()
                .call(SyscallNumber.SOCKET)
                .value(Sockets.AF_NETLINK)
                .value(kind(netlink) | (close ? Sockets.SOCK_CLOEXEC : 0))
                .value(netlink.getProtocol());
        Handle handle = task.expectOpened(close);
        int fd = handle.fd();
        task.bind(entry.getId(), handle);
        SocketOptions.compile(
                task,
                fd,
                netlink.getOpts(),
                task.tree().freshSocket(Sockets.AF_NETLINK, kind(netlink), netlink.getProtocol()));
        if (netlink.getPortid() != 0) {
            address(task, SyscallNumber.BIND, fd, netlink.getPortid(), 0);
        }
        for (int word = 0; word < netlink.getGroupsCount(); word++) {
            for (int bit = 0; bit < Integer.SIZE; bit++) {
                if ((netlink.getGroups(word) >>> bit & 1) != 0) {
                    int group = word * Integer.SIZE + bit + 1;
                    SocketOptions.number(task, fd, Sockets.SOL_NETLINK, ADD_MEMBERSHIP, group);
                }
            }
        }
        if (netlink.getState() == CONNECTED) {
            int group = netlink.getDstGroup();
            address(task, SyscallNumber.CONNECT, fd, netlink.getDstPortid(), group == 0 ? 0 : 1 << (group - 1));
        }
        FileFlags.settle(task, fd, 0, netlink.getFlags(), netlink.getFown());
    }

    private static void address(TaskDescriptors task, int call, int fd, int port, int groups) {
        ProgramBuilder block = task.block();
        int address = block.ints(Sockets.AF_NETLINK, port, groups);
        block.call(call).value(fd).data(address).value(ADDRESS_LENGTH).expect(0);
    }
}
