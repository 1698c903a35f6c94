package io.baton.coordinator.state.files;

import com.google.protobuf.ByteString;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FileEntry;
import io.baton.mktree.image.proto.PacketMclist;
import io.baton.mktree.image.proto.PacketRing;
import io.baton.mktree.image.proto.PacketSockEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.NetworkDevice;
import io.baton.task.linux.PacketDiag;
import io.baton.task.linux.Poll;
import io.baton.task.linux.Sockets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sockets for frames of network devices, with rings, groups (PACKET_FANOUT) and what devices let through for them. What has
 * arrived is lost, as frames may be, and that is said. Source: {@code packet(7)}, {@code linux/if_packet.h}.
 */
final class PacketSocket implements FileKind {
    private static final Logger LOG = LoggerFactory.getLogger(PacketSocket.class);

    static final int AUXILIARY_DATA = 8;
    static final int ORIGINAL_DEVICE = 9;
    static final int VERSION = 10;
    static final int RESERVE = 12;
    static final int LOSS = 14;
    static final int VIRTIO_HEADER = 15;
    static final int TIMESTAMP = 17;
    static final int FANOUT = 18;

    private static final int FIRST_PROGRAM = 6;
    private static final int LAST_PROGRAM = 7;
    private static final int GONE = -1;

    @Override
    public FdTypes type() {
        return FdTypes.PACKETSK;
    }

    @Override
    public Account account() {
        return new Account(
                        "packet socket",
                        "packet_diag over netlink, getsockopt(2); rings without what is in them",
                        "socket(2), setsockopt(2), bind(2); rings are mapped again",
                        "PacketSockEntry")
                .refusing(
                        "a packet socket that the kernel tells nothing of",
                        "the device that it is bound to is gone",
                        "a program chooses among its group (PACKET_FANOUT_CBPF, PACKET_FANOUT_EBPF)");
    }

    @Override
    public boolean matches(OpenFile file) {
        return file.isSocketOf(Sockets.AF_PACKET);
    }

    @Override
    public void inspect(OpenFile file, FileInspection inspection) {
        PacketDiag known = inspection.files().kernelSockets().packet(file);
        if (known == null) {
            inspection.refuse(
                    file,
                    "a packet socket that the kernel tells nothing of",
                    "load the kernel's module af_packet_diag");
            return;
        }
        if (known.device() == GONE) {
            inspection.refuse(file, "the device that it is bound to is gone", "close it before the dump");
        }
        try (Fd socket = file.fetch()) {
            int way = option(socket, FANOUT) >>> Short.SIZE & 0xff;
            if (way >= FIRST_PROGRAM && way <= LAST_PROGRAM) {
                inspection.refuse(
                        file,
                        "a program chooses among its group (PACKET_FANOUT_CBPF, PACKET_FANOUT_EBPF)",
                        "close it before the dump");
            }
        }
    }

    /** Those of type SOCK_PACKET have none. */
    private static int option(Fd socket, int name) {
        return Sockets.optionIfKnown(socket.number(), Sockets.SOL_PACKET, name).orElse(0);
    }

    @Override
    public void capture(OpenFile file, FileEntry.Builder entry, TreeImage tree) {
        PacketDiag known = OpenFiles.of(tree).kernelSockets().packet(file);
        if (known == null) {
            throw new IllegalStateException("refused before: " + file.describe());
        }
        try (Fd socket = file.fetch()) {
            int fd = socket.number();
            PacketSockEntry.Builder packet = entry.getPskBuilder()
                    .setId(entry.getId())
                    .setType(known.type())
                    .setProtocol(Short.toUnsignedInt(Short.reverseBytes((short) known.protocol())))
                    .setFlags(file.flags())
                    .setIfindex(known.device())
                    .setFown(file.owner())
                    .setOpts(SocketOptions.read(fd, Sockets.AF_PACKET, known.type(), 0))
                    .setVersion(option(socket, VERSION))
                    .setReserve(option(socket, RESERVE))
                    .setAuxData(option(socket, AUXILIARY_DATA) != 0)
                    .setOrigDev(option(socket, ORIGINAL_DEVICE) != 0)
                    .setVnetHdr(option(socket, VIRTIO_HEADER) != 0)
                    .setLoss(option(socket, LOSS) != 0)
                    .setTimestamp(option(socket, TIMESTAMP))
                    .setCopyThresh(known.copyThreshold());
            if (known.device() != 0) {
                packet.setIfname(NetworkDevice.name(fd, known.device()));
            }
            for (PacketDiag.Membership membership : known.memberships()) {
                PacketMclist row = row(fd, membership);
                for (int i = 0; i < membership.count(); i++) {
                    packet.addMclist(row);
                }
            }
            if (known.grouped()) {
                packet.setFanout(option(socket, FANOUT));
            }
            captureRings(known, packet);
            if (hasUnread(socket)) {
                LOG.warn("pid {}: {}: unread packets are lost", file.process().pid(), file.describe());
            }
        }
    }

    private static PacketMclist row(int fd, PacketDiag.Membership membership) {
        return PacketMclist.newBuilder()
                .setIndex(membership.device())
                .setType(membership.type())
                .setAddr(ByteString.copyFrom(membership.address().duplicate()))
                .setIfname(NetworkDevice.name(fd, membership.device()))
                .build();
    }

    private static void captureRings(PacketDiag known, PacketSockEntry.Builder packet) {
        PacketDiag.Ring receive = known.receive();
        if (receive != null) {
            packet.setRxRing(ring(receive));
        }
        PacketDiag.Ring send = known.send();
        if (send != null) {
            packet.setTxRing(ring(send));
        }
    }

    private static PacketRing ring(PacketDiag.Ring ring) {
        return PacketRing.newBuilder()
                .setBlockSize(ring.blockSize())
                .setBlockNr(ring.blocks())
                .setFrameSize(ring.frameSize())
                .setFrameNr(ring.frames())
                .setRetireTmo(ring.retireAfter())
                .setSizeofPriv(ring.privateSize())
                .setFeatures(ring.features())
                .build();
    }

    private static boolean hasUnread(Fd socket) {
        try (Poll poll = new Poll(1)) {
            poll.add(socket.number(), Poll.POLLIN);
            poll.await(0);
            return (poll.events(0) & Poll.POLLIN) != 0;
        }
    }

    @Override
    public void validate(FileEntry entry, FileValidation validation) {
        PacketSockEntry packet = entry.getPsk();
        String what = "packet socket " + packet.getId();
        if (packet.getType() != Sockets.SOCK_RAW
                && packet.getType() != Sockets.SOCK_DGRAM
                && packet.getType() != Sockets.SOCK_PACKET) {
            validation.refuse(what, "type " + packet.getType() + " is none of packet sockets", "use another image");
            return;
        }
        PacketProgram program = new PacketProgram(packet, validation.process());
        String missing = program.missingDevice();
        if (missing != null) {
            validation.refuse(what, "there is no network device of that name: " + missing, "make the device first");
        }
        if (packet.getMclistList().stream().anyMatch(row -> row.getAddr().size() > PacketProgram.LONGEST_ADDRESS)) {
            validation.refuse(what, "an address in the image is too long", "use another image");
        }
    }

    @Override
    public void compile(FileEntry entry, TaskDescriptors task) {
        new PacketProgram(entry.getPsk(), task.process()).compile(entry.getId(), task);
    }
}
