package io.baton.coordinator.state.identity;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.OwnState;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.mktree.image.proto.ThreadCoreEntry;
import io.baton.task.linux.Scheduling;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/** Scheduling policy, nice value and real-time priority of each thread. CRIU's images do not hold the CPU affinity. */
public final class Scheduler implements StateKind {
    /** In {@code sched_attr.flags}. */
    private static final long SCHED_FLAG_RESET_ON_FORK = 1;

    /** The same, as sched_getscheduler(2) gives it together with the policy. */
    private static final int SCHED_RESET_ON_FORK = 0x4000_0000;

    /** First version of the kernel's {@code struct sched_attr}. */
    private static final int ATTRIBUTES_LENGTH = 48;

    private static final int CAP_SYS_NICE = 23;
    private static final int RLIMIT_NICE = 13;

    /** A nice value n needs a limit of 20 - n. */
    private static final int NICE_LIMIT_BASE = 20;

    private static final long INT_MASK = 0xffff_ffffL;

    @Override
    public String name() {
        return "scheduler";
    }

    @Override
    public Account account() {
        return new Account(
                name(),
                "sched_getattr(2), getpriority(2)",
                "sched_setattr(2), setpriority(2), after all else is restored",
                "ThreadCoreEntry.sched_policy",
                "ThreadCoreEntry.sched_nice",
                "ThreadCoreEntry.sched_prio",
                "ThreadCoreEntry.sched_flags",
                "ThreadCoreEntry.sched_runtime",
                "ThreadCoreEntry.sched_deadline",
                "ThreadCoreEntry.sched_period");
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        objects.addThreads(name(), process);
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        Scheduling.Attributes attributes = Scheduling.get(capture.thread().tid());
        boolean reset = (attributes.flags() & SCHED_FLAG_RESET_ON_FORK) != 0;
        ThreadCoreEntry.Builder thread = capture.core().getThreadCoreBuilder();
        thread.setSchedPolicy(attributes.policy() | (reset ? SCHED_RESET_ON_FORK : 0));
        if (attributes.flags() != 0) {
            thread.setSchedFlags((int) attributes.flags());
        }
        if (isRealTime(attributes.policy())) {
            thread.setSchedPrio(attributes.priority());
        }
        if (hasSlice(attributes)) {
            thread.setSchedRuntime(attributes.runtime());
        } else if (attributes.policy() == Scheduling.SCHED_DEADLINE) {
            thread.setSchedRuntime(attributes.runtime())
                    .setSchedDeadline(attributes.deadline())
                    .setSchedPeriod(attributes.period());
        }
        // A real-time thread has one too, for the day it is no longer one; sched_getattr(2) does not tell.
        thread.setSchedNice(Scheduling.nice(capture.thread().tid()));
    }

    /** Since Linux 6.12 an ordinary thread may choose how long it runs at a stretch; that it has can only be seen so. */
    private static boolean hasSlice(Scheduling.Attributes attributes) {
        return !isRealTime(attributes.policy())
                && attributes.runtime() != 0
                && attributes.runtime() != Scheduling.get(0).runtime();
    }

    @Override
    public void validate(ProcessRestore process, Refusals refusals) {
        OwnState own = process.own();
        if (own.has(CAP_SYS_NICE)) {
            return;
        }
        long limit = own.limits().get(RLIMIT_NICE).getMax();
        for (int i = 0; i < process.cores().size(); i++) {
            ThreadCoreEntry thread = process.cores().get(i).getThreadCore();
            int tid = process.pstree().getThreads(i);
            if (!thread.hasSchedPolicy()) {
                continue; // a dead leader
            }
            if (isRealTime(policy(thread))) {
                refusals.add(tid, "scheduler", "real-time policy needs CAP_SYS_NICE", "restore as root");
            } else if (thread.getSchedNice() < own.nice() && NICE_LIMIT_BASE - thread.getSchedNice() > limit) {
                String reason = "nice value " + thread.getSchedNice() + " needs CAP_SYS_NICE";
                refusals.add(tid, "scheduler", reason, "restore as root");
            }
        }
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        ThreadCoreEntry saved = thread.core().getThreadCore();
        OwnState own = thread.process().own();
        if (!saved.hasSchedPolicy()
                || (saved.getSchedPolicy() == own.schedulerPolicy()
                        && saved.getSchedNice() == own.nice()
                        && !saved.hasSchedRuntime())) {
            return;
        }
        kept.tag(Item.SCHEDULER.tag());
        if (isRealTime(policy(saved))) {
            // sched_setattr(2) heeds the nice value only of others.
            kept.call(SyscallNumber.SETPRIORITY)
                    .value(Scheduling.PRIO_PROCESS)
                    .value(0)
                    .value(saved.getSchedNice());
        }
        int attributes = kept.longs(
                ATTRIBUTES_LENGTH | ((long) policy(saved) << Integer.SIZE),
                flags(saved),
                (saved.getSchedNice() & INT_MASK) | ((long) saved.getSchedPrio() << Integer.SIZE),
                saved.getSchedRuntime(),
                saved.getSchedDeadline(),
                saved.getSchedPeriod());
        kept.call(SyscallNumber.SCHED_SETATTR).value(0).data(attributes).value(0);
    }

    private static long flags(ThreadCoreEntry saved) {
        boolean reset = (saved.getSchedPolicy() & SCHED_RESET_ON_FORK) != 0;
        return (saved.getSchedFlags() & ~SCHED_FLAG_RESET_ON_FORK) | (reset ? SCHED_FLAG_RESET_ON_FORK : 0);
    }

    private static int policy(ThreadCoreEntry thread) {
        return thread.getSchedPolicy() & ~SCHED_RESET_ON_FORK;
    }

    private static boolean isRealTime(int policy) {
        return policy == Scheduling.SCHED_FIFO || policy == Scheduling.SCHED_RR || policy == Scheduling.SCHED_DEADLINE;
    }
}
