package io.baton.coordinator.state.memory;

import io.baton.mktree.image.proto.IpcDescEntry;
import io.baton.mktree.image.proto.IpcShmEntry;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.program.ProgramBuilder;

/**
 * A segment of an image on its way back, and the kernel's {@code struct shmid64_ds}: key, user, group, creator's user and
 * group, mode (32 bits each), 24 bytes, size (64), times, creator, last (32 each), attached (64).
 */
final class SystemVSegment {
    static final int LENGTH = 112;
    static final int UID_OFFSET = 4;
    static final int GID_OFFSET = 8;
    static final int CREATOR_UID_OFFSET = 12;
    static final int CREATOR_GID_OFFSET = 16;
    static final int MODE_OFFSET = 20;
    static final int SIZE_OFFSET = 48;
    static final int ATTACHED_OFFSET = 88;

    static final int IPC_RMID = 0;
    private static final int IPC_SET = 1;
    private static final int IPC_STAT = 2;
    static final int SHM_LOCK = 11;
    private static final int SHM_DEST = 01000;
    private static final int SHM_LOCKED = 02000;
    private static final int PERMISSIONS = 0777;
    private static final int PAGE = 4096;

    private final IpcShmEntry entry;
    private int creator;
    private boolean attached;

    SystemVSegment(IpcShmEntry entry) {
        this.entry = entry;
    }

    IpcShmEntry entry() {
        return entry;
    }

    /** Whether a process of the tree has it. */
    boolean isAttached() {
        return attached;
    }

    void attach() {
        attached = true;
    }

    boolean isLocked() {
        return (entry.getDesc().getMode() & SHM_LOCKED) != 0;
    }

    int id() {
        return entry.getDesc().getId();
    }

    long size() {
        return entry.getSize();
    }

    /** In whole pages, as it is mapped. */
    long mapped() {
        return (entry.getSize() + PAGE - 1) & -PAGE;
    }

    int key() {
        return entry.getDesc().getKey();
    }

    int permissions() {
        return entry.getDesc().getMode() & PERMISSIONS;
    }

    /** Whether it goes with the last who has attached it. */
    boolean isRemoved() {
        return (entry.getDesc().getMode() & SHM_DEST) != 0;
    }

    boolean isMade() {
        return creator != 0;
    }

    boolean isMadeBy(int pid) {
        return creator == pid;
    }

    void madeBy(int pid) {
        creator = pid;
    }

    /** Gives it its owner and mode. */
    void settle(ProgramBuilder program) {
        IpcDescEntry desc = entry.getDesc();
        int at = program.reserve(LENGTH);
        program.dataBuffer().putInt(at + UID_OFFSET, desc.getUid());
        program.dataBuffer().putInt(at + GID_OFFSET, desc.getGid());
        program.dataBuffer().putInt(at + MODE_OFFSET, desc.getMode() & PERMISSIONS);
        program.call(SyscallNumber.SHMCTL).value(id()).value(IPC_SET).data(at);
        if (isLocked()) {
            program.call(SyscallNumber.SHMCTL).value(id()).value(SHM_LOCK).value(0);
        }
    }

    /** What we see under its number in our own ipc namespace. */
    enum Found {
        NOTHING,
        /** What the tree has left behind: the same, and attached by nobody. */
        LEFTOVER,
        ANOTHER
    }

    Found look() {
        try (Memory memory = Memory.allocate(LENGTH)) {
            if (SystemCall.call(SyscallNumber.SHMCTL, id(), IPC_STAT, memory.address()) < 0) {
                boolean keyTaken = key() != 0 && SystemCall.call(SyscallNumber.SHMGET, key(), 0, 0) >= 0;
                return keyTaken ? Found.ANOTHER : Found.NOTHING;
            }
            boolean same = memory.buffer().getInt(0) == key()
                    && memory.buffer().getLong(SIZE_OFFSET) == size()
                    && memory.buffer().getLong(ATTACHED_OFFSET) == 0;
            return same ? Found.LEFTOVER : Found.ANOTHER;
        }
    }
}
