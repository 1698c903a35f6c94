package io.baton.coordinator.state.files;

import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.namespaces.Namespace;
import io.baton.mktree.image.proto.PacketMclist;
import io.baton.mktree.image.proto.PacketRing;
import io.baton.mktree.image.proto.PacketSockEntry;
import io.baton.mktree.image.proto.SkOptsEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.NetworkDevice;
import io.baton.task.linux.Sockets;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Makes one packet socket. It gets nothing to receive before it is bound, when its filter stands; but for those of type
 * SOCK_PACKET, whose protocol is chosen for good when they are made.
 */
final class PacketProgram {
    static final int LONGEST_ADDRESS = 32;

    private static final int ADD_MEMBERSHIP = 1;
    private static final int RECEIVE_RING = 5;
    private static final int COPY_THRESHOLD = 7;
    private static final int SEND_RING = 13;
    private static final int ADDRESS_LENGTH = 20;
    private static final int OLD_ADDRESS_LENGTH = 16;
    private static final int OLD_NAME = 13;
    private static final int MEMBERSHIP_LENGTH = 8 + LONGEST_ADDRESS;
    private static final int RING_LENGTH = 28;

    private final PacketSockEntry packet;
    private final boolean ownDevices;

    PacketProgram(PacketSockEntry packet, ProcessRestore process) {
        this.packet = packet;
        // A namespace of the tree's has the devices it had, under their numbers.
        this.ownDevices = process.namespaces().wanted().contains(Namespace.NET)
                || process.namespaces().joins(Namespace.NET);
    }

    /** The name of a device that is not there, or null. */
    @Nullable
    String missingDevice() {
        if (isMissing(packet.getIfname())) {
            return packet.getIfname();
        }
        for (PacketMclist row : packet.getMclistList()) {
            if (isMissing(row.getIfname())) {
                return row.getIfname();
            }
        }
        return null;
    }

    private boolean isMissing(String name) {
        return !ownDevices && !name.isEmpty() && NetworkDevice.index(name) == 0;
    }

    /** Its number here. CRIU's images have no names. */
    private int device(int index, String name) {
        return ownDevices || name.isEmpty() ? index : NetworkDevice.index(name);
    }

    void compile(int id, TaskDescriptors task) {
        boolean close = task.targetClosesOnExec();
        boolean old = packet.getType() == Sockets.SOCK_PACKET;
        task.block()
                .call(SyscallNumber.SOCKET)
                .value(Sockets.AF_PACKET)
                .value(packet.getType() | (close ? Sockets.SOCK_CLOEXEC : 0))
                .value(old ? packet.getProtocol() : 0);
        Handle handle = task.expectOpened(close);
        int fd = handle.fd();
        task.bind(id, handle);
        if (!old) {
            options(task, fd);
        }
        SkOptsEntry fresh = task.tree().freshSocket(Sockets.AF_PACKET, packet.getType(), 0);
        SocketOptions.compile(task, fd, packet.getOpts(), fresh);
        bind(task, fd, old);
        for (int i = packet.getMclistCount() - 1; i >= 0; i--) { // the kernel tells the last first
            join(task, fd, packet.getMclist(i));
        }
        if (packet.hasRxRing()) {
            ring(task, fd, RECEIVE_RING, packet.getRxRing());
        }
        if (packet.hasTxRing()) {
            ring(task, fd, SEND_RING, packet.getTxRing());
        }
        if (packet.hasFanout()) {
            SocketOptions.number(task, fd, Sockets.SOL_PACKET, PacketSocket.FANOUT, packet.getFanout());
        }
        FileFlags.settle(task, fd, 0, packet.getFlags(), packet.getFown());
    }

    /** All of them before there are rings, whose frames depend on them. */
    private void options(TaskDescriptors task, int fd) {
        set(task, fd, PacketSocket.VERSION, packet.getVersion());
        set(task, fd, PacketSocket.RESERVE, packet.getReserve());
        set(task, fd, PacketSocket.TIMESTAMP, packet.getTimestamp());
        set(task, fd, COPY_THRESHOLD, packet.getCopyThresh());
        set(task, fd, PacketSocket.AUXILIARY_DATA, packet.getAuxData() ? 1 : 0);
        set(task, fd, PacketSocket.ORIGINAL_DEVICE, packet.getOrigDev() ? 1 : 0);
        set(task, fd, PacketSocket.VIRTIO_HEADER, packet.getVnetHdr() ? 1 : 0);
        set(task, fd, PacketSocket.LOSS, packet.getLoss() ? 1 : 0);
    }

    /** A new one has none of them. */
    private static void set(TaskDescriptors task, int fd, int name, int value) {
        if (value != 0) {
            SocketOptions.number(task, fd, Sockets.SOL_PACKET, name, value);
        }
    }

    private void bind(TaskDescriptors task, int fd, boolean old) {
        int device = device(packet.getIfindex(), packet.getIfname());
        if (device == 0 && (old || packet.getProtocol() == 0)) {
            return;
        }
        ByteBuffer address =
                ByteBuffer.allocate(old ? OLD_ADDRESS_LENGTH : ADDRESS_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        address.putShort(0, (short) Sockets.AF_PACKET);
        if (old) {
            byte[] name = name(device).getBytes(StandardCharsets.ISO_8859_1);
            address.put(Short.BYTES, name, 0, Math.min(OLD_NAME, name.length));
        } else {
            address.putShort(2, (short) packet.getProtocol()).putInt(4, device);
        }
        ProgramBuilder block = task.block();
        int data = block.bytes(address.array());
        block.call(SyscallNumber.BIND)
                .value(fd)
                .data(data)
                .value(address.capacity())
                .expect(0);
    }

    private String name(int device) {
        if (!packet.getIfname().isEmpty()) {
            return packet.getIfname();
        }
        try (Fd socket = Sockets.open(Sockets.AF_UNIX, Sockets.SOCK_DGRAM, 0)) {
            return NetworkDevice.name(socket.number(), device);
        }
    }

    private void join(TaskDescriptors task, int fd, PacketMclist row) {
        ByteBuffer request = ByteBuffer.allocate(MEMBERSHIP_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        byte[] address = row.getAddr().toByteArray();
        request.putInt(device(row.getIndex(), row.getIfname()))
                .putShort((short) row.getType())
                .putShort((short) address.length)
                .put(address);
        option(task, fd, ADD_MEMBERSHIP, request.array());
    }

    private static void ring(TaskDescriptors task, int fd, int name, PacketRing ring) {
        ByteBuffer request = ByteBuffer.allocate(RING_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        request.putInt(ring.getBlockSize())
                .putInt(ring.getBlockNr())
                .putInt(ring.getFrameSize())
                .putInt(ring.getFrameNr())
                .putInt(ring.getRetireTmo())
                .putInt(ring.getSizeofPriv())
                .putInt(ring.getFeatures());
        option(task, fd, name, request.array());
    }

    private static void option(TaskDescriptors task, int fd, int name, byte[] value) {
        ProgramBuilder block = task.nextBlock();
        int data = block.bytes(value);
        block.call(SyscallNumber.SETSOCKOPT)
                .value(fd)
                .value(Sockets.SOL_PACKET)
                .value(name)
                .data(data)
                .value(value.length)
                .expect(0);
    }
}
