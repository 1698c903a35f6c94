package io.baton.coordinator.state.files;

import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.namespaces.TreeNamespaces;
import io.baton.coordinator.state.namespaces.UserIds;
import io.baton.mktree.image.proto.CredsEntry;
import io.baton.mktree.image.proto.FownEntry;
import io.baton.task.linux.Descriptors;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/** Who gets the signals of a file description, and which ({@code F_SETOWN_EX}, {@code F_SETSIG}). */
final class SignalOwner {
    /** Nobody: what nearly every description has. */
    static final FownEntry NOBODY = FownEntry.newBuilder()
            .setUid(0)
            .setEuid(0)
            .setSignum(0)
            .setPidType(0)
            .setPid(0)
            .build();

    private static final int F_SETSIG = 10;
    private static final int F_SETOWN_EX = 15;
    private static final int F_GETOWNER_UIDS = 17;

    private SignalOwner() {}

    /** Reads it through a copy of the descriptor. */
    static FownEntry read(Fd copy) {
        int signal = Descriptors.signal(copy.number());
        Descriptors.Owner owner = Descriptors.owner(copy.number());
        if (signal == 0 && owner.id() == 0) {
            return NOBODY;
        }
        FownEntry.Builder entry = NOBODY.toBuilder().setSignum(signal);
        if (owner.id() != 0) {
            // The kernel checks the sender's right to signal by the ids at the time of F_SETOWN.
            try (Memory uids = Memory.allocate(2 * Integer.BYTES)) {
                Descriptors.control(copy.number(), F_GETOWNER_UIDS, uids.address());
                entry.setUid(uids.buffer().getInt(0)).setEuid(uids.buffer().getInt(Integer.BYTES));
            }
            entry.setPidType(owner.type()).setPid(owner.id());
        }
        return entry.build();
    }

    /** The same by ids as they are inside of the tree's namespaces. */
    static FownEntry inside(FownEntry owner, TreeNamespaces namespaces) {
        if (owner.getPid() == 0) {
            return owner;
        }
        return owner.toBuilder()
                .setPid(namespaces.pidInside(owner.getPid()))
                .setUid(namespaces.ids().userInside(owner.getUid()))
                .setEuid(namespaces.ids().userInside(owner.getEuid()))
                .build();
    }

    static void compile(ProcessRestore process, ProgramBuilder block, int fd, FownEntry owner) {
        if (owner.getSignum() != 0) {
            block.call(SyscallNumber.FCNTL).value(fd).value(F_SETSIG).value(owner.getSignum());
        }
        if (owner.getPid() == 0) {
            return;
        }
        CredsEntry own = process.own().credentials();
        UserIds users = process.namespaces().workingIds();
        int real = users.userOutside(owner.getUid());
        int effective = users.userOutside(owner.getEuid());
        boolean others = real != own.getUid() || effective != own.getEuid();
        if (others) {
            // The saved id stays, and with it the way back.
            identity(block, real, effective, own.getSuid());
        }
        int who = block.ints(owner.getPidType(), owner.getPid());
        block.call(SyscallNumber.FCNTL).value(fd).value(F_SETOWN_EX).data(who);
        if (others) {
            identity(block, own.getUid(), own.getEuid(), own.getSuid());
        }
    }

    private static void identity(ProgramBuilder block, int real, int effective, int saved) {
        block.call(SyscallNumber.SETRESUID)
                .value(Integer.toUnsignedLong(real))
                .value(Integer.toUnsignedLong(effective))
                .value(Integer.toUnsignedLong(saved));
    }
}
