package io.baton.coordinator.state.identity;

import io.baton.coordinator.state.OwnState;
import io.baton.coordinator.state.namespaces.SavedNamespaces;
import io.baton.coordinator.state.namespaces.UserIds;
import io.baton.mktree.image.proto.CredsEntry;
import io.baton.task.linux.Capabilities;
import io.baton.task.program.ProgramBuilder;
import java.util.List;

/**
 * Credentials of a task that joins a user namespace on the way: users and groups outside, where we may choose any, even
 * when setgroups(2) is forbidden inside; then the namespace, in which the kernel gives every capability; then what is to
 * be left of those.
 */
final class JoinedCredentials {
    private static final int NOBODY = -1;
    private static final int CAP_SETGID = 6;
    private static final int CAP_SETUID = 7;
    private static final int[] NEEDED = {
        CAP_SETGID, CAP_SETUID, Capabilities.CAP_SETPCAP, Capabilities.CAP_SYS_ADMIN, Capabilities.CAP_SYS_PTRACE
    };

    private JoinedCredentials() {}

    /** Why a task of ours cannot have these, or an empty string. */
    static String forbidden(CredsEntry own, CredsEntry wanted, SavedNamespaces namespaces) {
        if (!UserIds.isWhole(namespaces.userIds().outside(wanted))) {
            return "has a user or group that its user namespace does not map";
        }
        for (int capability : NEEDED) {
            if ((OwnState.set(own.getCapEffList()) >>> capability & 1) == 0) {
                return "to get into a user namespace takes capability " + capability;
            }
        }
        if (!namespaces.areInner()) {
            return CredentialProgram.forbidden(joined(own, wanted), wanted);
        }
        List<Integer> groups = namespaces.fixedGroups();
        return groups != null && !groups.equals(wanted.getGroupsList())
                ? "has other groups than the tree's root, and its user namespace forbids setgroups(2)"
                : CredentialProgram.forbidden(born(own, namespaces), wanted);
    }

    static void emit(CredsEntry own, CredsEntry wanted, SavedNamespaces namespaces, ProgramBuilder program) {
        if (namespaces.areInner()) {
            CredentialProgram.emit(born(own, namespaces), wanted, program);
            return;
        }
        CredentialProgram.emit(own, withUsers(own, namespaces.userIds().outside(wanted)), program);
        namespaces.joinUsers(program);
        CredentialProgram.emit(joined(own, wanted), wanted, program);
    }

    private static CredsEntry withUsers(CredsEntry entry, CredsEntry users) {
        return entry.toBuilder()
                .setUid(users.getUid())
                .setEuid(users.getEuid())
                .setSuid(users.getSuid())
                .setFsuid(users.getFsuid())
                .setGid(users.getGid())
                .setEgid(users.getEgid())
                .setSgid(users.getSgid())
                .setFsgid(users.getFsgid())
                .clearGroups()
                .addAllGroups(users.getGroupsList())
                .build();
    }

    /** As who was born inside: nobody that has a name there. */
    private static CredsEntry born(CredsEntry own, SavedNamespaces namespaces) {
        List<Integer> groups = namespaces.fixedGroups();
        CredsEntry nobody = CredsEntry.newBuilder(own)
                .setUid(NOBODY)
                .setEuid(NOBODY)
                .setSuid(NOBODY)
                .setFsuid(NOBODY)
                .setGid(NOBODY)
                .setEgid(NOBODY)
                .setSgid(NOBODY)
                .setFsgid(NOBODY)
                .clearGroups()
                .addAllGroups(groups == null ? List.of(NOBODY) : groups)
                .build();
        return joined(own, nobody);
    }

    /** As the kernel leaves who has just joined: {@code set_cred_user_ns}. */
    private static CredsEntry joined(CredsEntry own, CredsEntry users) {
        Iterable<Integer> all = OwnState.words(OwnState.everyCapability());
        Iterable<Integer> none = OwnState.words(0);
        return withUsers(own, users).toBuilder()
                .clearCapInh()
                .addAllCapInh(none)
                .clearCapPrm()
                .addAllCapPrm(all)
                .clearCapEff()
                .addAllCapEff(all)
                .clearCapBnd()
                .addAllCapBnd(all)
                .clearCapAmb()
                .addAllCapAmb(none)
                .setSecbits(0)
                .build();
    }
}
