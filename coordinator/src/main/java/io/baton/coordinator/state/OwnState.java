package io.baton.coordinator.state;

import io.baton.mktree.image.proto.CredsEntry;
import io.baton.mktree.image.proto.RlimitEntry;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Limit;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcStatus;
import io.baton.task.linux.Scheduling;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import java.util.ArrayList;
import java.util.List;

/**
 * What every fresh task of a restore starts with, because the helper inherits it from the coordinator.
 *
 * @param credentials uids, gids, groups, capabilities, securebits
 * @param limits the 16 resource limits, in the kernel's order
 * @param nice -20 to 19
 * @param schedulerPolicy as sched_getattr gives it
 * @param oomScoreAdj -1000 to 1000
 * @param personality as personality(0xffffffff) gives it
 * @param loginUid of the audit session, -1 for none
 */
public record OwnState(
        CredsEntry credentials,
        List<RlimitEntry> limits,
        int nice,
        int schedulerPolicy,
        int oomScoreAdj,
        int personality,
        int loginUid) {
    /** CAP_NET_ADMIN, CAP_SYS_NICE, CAP_SYS_RESOURCE, CAP_AUDIT_CONTROL. */
    private static final int[] OUTSIDE_ONLY = {12, 23, 24, 30};

    private static final int PR_CAPBSET_READ = 23;
    private static final int PR_GET_SECUREBITS = 27;

    /** That of the calling thread. */
    public static OwnState current() {
        return of(Identity.pid());
    }

    /**
     * That of the process that starts the helper: ourselves, and then it is the calling thread that counts, or another one
     * with the same securebits, of a single thread.
     */
    public static OwnState of(int pid) {
        try (ProcFs proc = new ProcFs()) {
            boolean own = pid == Identity.pid();
            int tid = own ? Identity.tid() : pid;
            Scheduling.Attributes scheduling = Scheduling.get(tid);
            return new OwnState(
                    credentials(proc.status(pid, tid), (int) Prctl.control(PR_GET_SECUREBITS, 0, 0, 0, 0)),
                    limits(own ? 0 : pid),
                    Scheduling.nice(tid),
                    scheduling.policy(),
                    (int) proc.readNumber(pid, "oom_score_adj"),
                    own
                            ? Identity.personality()
                            : Integer.parseUnsignedInt(
                                    proc.readText(pid, "personality").trim(), 16),
                    loginUid(proc, pid));
        }
    }

    /** A thread's credentials as the image has them. */
    public static CredsEntry credentials(ProcStatus status, int secureBits) {
        CredsEntry.Builder entry = CredsEntry.newBuilder()
                .setUid(status.uid().real())
                .setGid(status.gid().real())
                .setEuid(status.uid().effective())
                .setEgid(status.gid().effective())
                .setSuid(status.uid().saved())
                .setSgid(status.gid().saved())
                .setFsuid(status.uid().fileSystem())
                .setFsgid(status.gid().fileSystem())
                .addAllCapInh(words(status.capabilities().inheritable()))
                .addAllCapPrm(words(status.capabilities().permitted()))
                .addAllCapEff(words(status.capabilities().effective()))
                .addAllCapBnd(words(status.capabilities().bounding()))
                .addAllCapAmb(words(status.capabilities().ambient()))
                .setSecbits(secureBits);
        for (int group : status.groups()) {
            entry.addGroups(group);
        }
        if (status.noNewPrivileges()) {
            entry.setNoNewPrivs(1);
        }
        return entry.build();
    }

    /** A capability set as the image has it: low half, high half. */
    public static List<Integer> words(long set) {
        return List.of((int) set, (int) (set >>> Integer.SIZE));
    }

    /** All capabilities that this kernel knows. */
    public static long everyCapability() {
        long all = 0;
        for (int capability = 0; SystemCall.call(SyscallNumber.PRCTL, PR_CAPBSET_READ, capability) >= 0; capability++) {
            all |= 1L << capability;
        }
        return all;
    }

    /** A capability set of the image as one number, bit n for capability n. */
    public static long set(List<Integer> words) {
        long set = 0;
        for (int i = 0; i < words.size() && i < 2; i++) {
            set |= Integer.toUnsignedLong(words.get(i)) << (i * Integer.SIZE);
        }
        return set;
    }

    /** The audit session's user of a process, -1 when there is none or the kernel has no audit. */
    public static int loginUid(ProcFs proc, int pid) {
        try {
            return (int) proc.readNumber(pid, "loginuid");
        } catch (LinuxException e) {
            return -1;
        }
    }

    /** That of a task born into a user namespace: what the kernel asks for outside of any, it may not. */
    public OwnState inside() {
        long effective = set(credentials.getCapEffList());
        for (int capability : OUTSIDE_ONLY) {
            effective &= ~(1L << capability);
        }
        CredsEntry inside = credentials.toBuilder()
                .clearCapEff()
                .addAllCapEff(words(effective))
                .build();
        return new OwnState(inside, limits, nice, schedulerPolicy, oomScoreAdj, personality, loginUid);
    }

    /** Whether the capability is in the effective set. */
    public boolean has(int capability) {
        return (set(credentials.getCapEffList()) >>> capability & 1) != 0;
    }

    private static List<RlimitEntry> limits(int pid) {
        List<RlimitEntry> limits = new ArrayList<>(Limit.COUNT);
        for (int resource = 0; resource < Limit.COUNT; resource++) {
            Limit limit = Limit.get(pid, resource);
            limits.add(RlimitEntry.newBuilder()
                    .setCur(limit.current())
                    .setMax(limit.maximum())
                    .build());
        }
        return List.copyOf(limits);
    }
}
