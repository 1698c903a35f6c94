package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.mktree.image.proto.FdTypes;
import io.baton.mktree.image.proto.FdinfoEntry;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.mktree.image.proto.VmaEntry;
import io.baton.mktree.image.proto.VmaEntryOrBuilder;
import io.baton.task.linux.SyscallNumber;
import java.util.function.LongUnaryOperator;

/** Rings of packet sockets, which a process has mapped: without what is in them, and when the sockets are there. */
public final class PacketRings {
    private PacketRings() {}

    static boolean is(VmaEntryOrBuilder vma) {
        return VmaBits.has(vma.getStatus(), VmaBits.SOCKET);
    }

    /** Names the files in the image by their ids; so far they are named by their inodes. */
    public static void capture(MmEntry.Builder mm, LongUnaryOperator idOfInode) {
        for (VmaEntry.Builder vma : mm.getVmasBuilderList()) {
            if (is(vma)) {
                vma.setShmid(idOfInode.applyAsLong(vma.getShmid()));
            }
        }
    }

    /** The number under which the process has the socket; -1: it has it not. */
    static int descriptor(ProcessRestore process, VmaEntry vma) {
        for (FdinfoEntry descriptor : process.descriptors()) {
            if (descriptor.getId() == vma.getShmid() && descriptor.getType() == FdTypes.PACKETSK) {
                return descriptor.getFd();
            }
        }
        return -1;
    }

    /** Maps them, once all descriptors are where they belong. */
    public static void compile(ProcessRestore process, ContextBuilder context) {
        MmEntry mm = process.mm();
        for (int i = 0; i < mm.getVmasCount(); i++) {
            VmaEntry vma = mm.getVmas(i);
            if (is(vma)) {
                context.item(Item.MAPPING.tag(i))
                        .call(SyscallNumber.MMAP)
                        .value(vma.getStart())
                        .value(vma.getEnd() - vma.getStart())
                        .value(vma.getProt())
                        .value((vma.getFlags() & MappingProgram.KNOWN_FLAGS) | VmaBits.MAP_FIXED_NOREPLACE)
                        .value(descriptor(process, vma))
                        .value(vma.getPgoff())
                        .expect(vma.getStart());
            }
        }
    }
}
