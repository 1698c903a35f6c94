package io.baton.coordinator.state.identity;

import static io.baton.coordinator.state.OwnState.set;

import io.baton.mktree.image.proto.CredsEntry;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * Turns one set of credentials into another. The order is the kernel's doing: as long as a task has all its
 * capabilities it may change anything, so they are given up last; and SECBIT_NO_SETUID_FIXUP keeps a change of user from
 * taking them away before. Source: {@code capabilities(7)}.
 */
final class CredentialProgram {
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int PR_CAPBSET_DROP = 24;
    private static final int PR_SET_SECUREBITS = 28;
    private static final int PR_CAP_AMBIENT = 47;
    private static final int PR_CAP_AMBIENT_RAISE = 2;
    private static final int PR_CAP_AMBIENT_CLEAR_ALL = 4;
    private static final int SECBIT_NO_SETUID_FIXUP = 1 << 2;
    private static final int CAPABILITY_VERSION_3 = 0x2008_0522;

    private static final int CAP_SETGID = 6;
    private static final int CAP_SETUID = 7;
    private static final int CAP_SETPCAP = 8;

    private final CredsEntry from;
    private final CredsEntry to;
    private final ProgramBuilder program;

    private CredentialProgram(CredsEntry from, CredsEntry to, ProgramBuilder program) {
        this.from = from;
        this.to = to;
        this.program = program;
    }

    /** Why a task with the first credentials cannot take on the second, or an empty string. */
    static String forbidden(CredsEntry from, CredsEntry to) {
        long effective = set(from.getCapEffList());
        if (!sameUsers(from, to) && (effective >>> CAP_SETUID & 1) == 0) {
            return "another user than ours needs CAP_SETUID";
        }
        if ((!sameGroupIds(from, to) || !sameGroups(from, to)) && (effective >>> CAP_SETGID & 1) == 0) {
            return "other groups than ours need CAP_SETGID";
        }
        if (!isSubset(set(to.getCapPrmList()), set(from.getCapPrmList()))) {
            return "has capabilities that we do not have";
        }
        long bounding = set(from.getCapBndList());
        if (!isSubset(set(to.getCapBndList()), bounding)) {
            return "its capability bounding set has more than ours";
        }
        boolean changesBounds = set(to.getCapBndList()) != bounding || from.getSecbits() != to.getSecbits();
        if (changesBounds && (effective >>> CAP_SETPCAP & 1) == 0) {
            return "another bounding set or other securebits than ours need CAP_SETPCAP";
        }
        if (from.getNoNewPrivs() != 0 && to.getNoNewPrivs() == 0) {
            return "no_new_privs is set for us and cannot be taken back";
        }
        return "";
    }

    /** Adds the instructions; none where nothing differs. */
    static void emit(CredsEntry from, CredsEntry to, ProgramBuilder program) {
        new CredentialProgram(from, to, program).emit();
    }

    private void emit() {
        int secureBits = from.getSecbits();
        if (!sameGroups(from, to)) {
            emitGroups();
        }
        if (!sameUsers(from, to) || !sameGroupIds(from, to)) {
            if ((secureBits & SECBIT_NO_SETUID_FIXUP) == 0 && hasSetPcap()) {
                secureBits |= SECBIT_NO_SETUID_FIXUP;
                control(PR_SET_SECUREBITS, secureBits, 0);
            }
            emitIds();
        }
        long inheritable = set(from.getCapInhList());
        if (inheritable != set(to.getCapInhList()) || set(from.getCapAmbList()) != set(to.getCapAmbList())) {
            inheritable = set(to.getCapInhList());
            emitCapabilities(set(from.getCapEffList()), set(from.getCapPrmList()), inheritable);
            emitAmbient();
        }
        if (secureBits != to.getSecbits()) {
            control(PR_SET_SECUREBITS, to.getSecbits(), 0);
        }
        emitBounds();
        if (set(from.getCapEffList()) != set(to.getCapEffList())
                || set(from.getCapPrmList()) != set(to.getCapPrmList())) {
            emitCapabilities(set(to.getCapEffList()), set(to.getCapPrmList()), inheritable);
        }
        if (to.getNoNewPrivs() != 0 && from.getNoNewPrivs() == 0) {
            control(PR_SET_NO_NEW_PRIVS, 1, 0);
        }
    }

    private boolean hasSetPcap() {
        return (set(from.getCapEffList()) >>> CAP_SETPCAP & 1) != 0;
    }

    private void emitGroups() {
        int[] groups = to.getGroupsList().stream().mapToInt(Integer::intValue).toArray();
        int at = program.ints(groups);
        program.call(SyscallNumber.SETGROUPS).value(groups.length).data(at);
    }

    private void emitIds() {
        program.call(SyscallNumber.SETRESGID)
                .value(to.getGid())
                .value(to.getEgid())
                .value(to.getSgid());
        emitFileSystemId(SyscallNumber.SETFSGID, to.getFsgid());
        program.call(SyscallNumber.SETRESUID)
                .value(to.getUid())
                .value(to.getEuid())
                .value(to.getSuid());
        emitFileSystemId(SyscallNumber.SETFSUID, to.getFsuid());
    }

    /** These calls give the id there was and no error; asking for -1 changes nothing and so tells whether it worked. */
    private void emitFileSystemId(int number, int id) {
        program.call(number).value(id).expectAnything();
        program.call(number).value(-1).expect(Integer.toUnsignedLong(id));
    }

    /** Ambient capabilities must be permitted and inheritable, and securebits may forbid raising them: so before those. */
    private void emitAmbient() {
        long wanted = set(to.getCapAmbList());
        if (set(from.getCapAmbList()) != 0) {
            control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0);
        }
        for (int capability = 0; capability < Long.SIZE; capability++) {
            if ((wanted >>> capability & 1) != 0) {
                control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability);
            }
        }
    }

    private void emitBounds() {
        long dropped = set(from.getCapBndList()) & ~set(to.getCapBndList());
        for (int capability = 0; capability < Long.SIZE; capability++) {
            if ((dropped >>> capability & 1) != 0) {
                control(PR_CAPBSET_DROP, capability, 0);
            }
        }
    }

    /** The kernel wants the low halves of effective, permitted and inheritable first, then the high ones. */
    private void emitCapabilities(long effective, long permitted, long inheritable) {
        int header = program.ints(CAPABILITY_VERSION_3, 0);
        int sets = program.ints(
                (int) effective,
                (int) permitted,
                (int) inheritable,
                high(effective),
                high(permitted),
                high(inheritable));
        program.call(SyscallNumber.CAPSET).data(header).data(sets);
    }

    private static int high(long set) {
        return (int) (set >>> Integer.SIZE);
    }

    private void control(int option, long first, long second) {
        program.call(SyscallNumber.PRCTL)
                .value(option)
                .value(first)
                .value(second)
                .value(0)
                .value(0);
    }

    private static boolean sameUsers(CredsEntry a, CredsEntry b) {
        return a.getUid() == b.getUid()
                && a.getEuid() == b.getEuid()
                && a.getSuid() == b.getSuid()
                && a.getFsuid() == b.getFsuid();
    }

    private static boolean sameGroupIds(CredsEntry a, CredsEntry b) {
        return a.getGid() == b.getGid()
                && a.getEgid() == b.getEgid()
                && a.getSgid() == b.getSgid()
                && a.getFsgid() == b.getFsgid();
    }

    private static boolean sameGroups(CredsEntry a, CredsEntry b) {
        return a.getGroupsList().equals(b.getGroupsList());
    }

    private static boolean isSubset(long part, long whole) {
        return (part & ~whole) == 0;
    }
}
