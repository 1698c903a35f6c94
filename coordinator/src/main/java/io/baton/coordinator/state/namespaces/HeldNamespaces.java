package io.baton.coordinator.state.namespaces;

import io.baton.task.linux.Identity;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import io.baton.task.segment.SlotDescriptor;
import java.io.IOException;
import java.util.Set;

/**
 * A user namespace, and the namespaces that belong to it, for a tree whose pids are ours to give: whoever is inside may not
 * choose pids any more. So a task besides, the holder, makes the namespaces and stays in them, the root joins all but the
 * user namespace before it makes the others, and each process joins that one with its credentials.
 */
final class HeldNamespaces {
    private static final int PR_SET_PDEATHSIG = 1;
    private static final int PR_SET_SECUREBITS = 28;
    private static final int SECBIT_NO_SETUID_FIXUP = 1 << 2;
    private static final int SIGKILL = 9;
    private static final int UNCHANGED = -1;
    private static final int HANDLE = 1;

    private final Set<Namespace> wanted;
    private final UserIds ids;
    private final int owner;

    /**
     * @param wanted all that are to be made
     * @param ids of the user namespace
     * @param owner to whom it belongs, as we know him
     */
    HeldNamespaces(Set<Namespace> wanted, UserIds ids, int owner) {
        this.wanted = wanted;
        this.ids = ids;
        this.owner = owner;
    }

    /** What a kind does. */
    interface Making {
        void make(Namespace namespace) throws IOException;
    }

    /**
     * What the holder does first: it leaves our user namespace, for one without maps. Mounts that are not wanted go
     * before that, for of what it takes along nothing can be unmounted by itself.
     */
    void leave(ProgramBuilder program, Making mounts) throws IOException {
        int flags = Namespace.USER.flag();
        if (wanted.contains(Namespace.MNT)) {
            mounts.make(Namespace.MNT);
            flags |= Namespace.MNT.flag();
        }
        boolean others = owner != Identity.uid();
        if (others) {
            control(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, program);
            become(UNCHANGED, owner, UNCHANGED, program);
        }
        program.call(SyscallNumber.UNSHARE).value(flags);
        if (others) {
            dieWithParent(program);
        }
    }

    /** What the holder does once there are maps: as root of the new namespace, for limits of ipc are a user's. */
    void make(ProgramBuilder program, Making kinds) throws IOException {
        int root = ids.userOutside(0);
        if (root != IdMap.NONE && root != owner) {
            become(0, 0, 0, program);
            dieWithParent(program);
        }
        for (NamespaceKind kind : NamespaceKind.ALL) {
            Namespace namespace = kind.namespace();
            if (wanted.contains(namespace) && namespace != Namespace.MNT && namespace != Namespace.USER) {
                kinds.make(namespace);
            }
        }
    }

    /** A change of users has reset it. */
    private static void dieWithParent(ProgramBuilder program) {
        control(PR_SET_PDEATHSIG, SIGKILL, program);
    }

    /** What the root does: its own get all this from it. */
    void join(int holder, ProgramBuilder program) {
        int flags = 0;
        for (Namespace namespace : wanted) {
            flags |= namespace == Namespace.USER ? 0 : namespace.flag();
        }
        if (flags != 0) {
            enter(holder, flags, program);
        }
    }

    /** What every process does, when it needs no rights outside any more. */
    static void joinUser(int holder, ProgramBuilder program) {
        enter(holder, Namespace.USER.flag(), program);
    }

    private static void enter(int holder, int flags, ProgramBuilder program) {
        program.call(SyscallNumber.PIDFD_OPEN)
                .segmentInt(SlotDescriptor.inSegment(holder) + SlotDescriptor.TID_OFFSET)
                .value(0)
                .store(HANDLE);
        program.call(SyscallNumber.SETNS).register(HANDLE).value(flags);
        program.call(SyscallNumber.CLOSE).register(HANDLE);
    }

    private static void become(int real, int effective, int saved, ProgramBuilder program) {
        program.call(SyscallNumber.SETRESUID).value(real).value(effective).value(saved);
    }

    private static void control(int option, int value, ProgramBuilder program) {
        program.call(SyscallNumber.PRCTL).value(option).value(value);
    }
}
