package io.baton.coordinator.state.namespaces;

import io.baton.task.linux.Identity;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.List;

/**
 * A user namespace to which the tree's pid namespace belongs too: the root is born into both at once and all others are its
 * descendants, so whoever restores itself has rights inside only. It opens files as the user who restores, by its file
 * system user id, until it gets its credentials. What takes more is done by the helper before, or by us.
 */
final class InnerNamespaces {
    private static final int PR_SET_PDEATHSIG = 1;
    private static final int PR_SET_DUMPABLE = 4;
    private static final int PR_SET_SECUREBITS = 28;
    private static final int SECBIT_NO_SETUID_FIXUP = 1 << 2;
    private static final int SIGKILL = 9;
    private static final int UNCHANGED = -1;

    private InnerNamespaces() {}

    /** The helper has the groups that nobody can choose inside. */
    static void groups(UserIds ids, List<Integer> inside, ProgramBuilder program) {
        int[] groups = inside.stream().mapToInt(ids::groupOutside).toArray();
        int at = program.ints(groups);
        program.call(SyscallNumber.SETGROUPS).value(groups.length).data(at);
    }

    /** The new namespace belongs to the helper's effective user. */
    static void own(int owner, ProgramBuilder program) {
        int ours = Identity.uid();
        if (owner == ours) {
            return;
        }
        control(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, program);
        program.call(SyscallNumber.SETRESUID).value(UNCHANGED).value(owner).value(UNCHANGED);
        program.call(SyscallNumber.SETFSUID).value(ours).expectAnything();
        // What a change of users has reset.
        control(PR_SET_DUMPABLE, 1, program);
        control(PR_SET_PDEATHSIG, SIGKILL, program);
    }

    private static void control(int option, int value, ProgramBuilder program) {
        program.call(SyscallNumber.PRCTL).value(option).value(value);
    }
}
