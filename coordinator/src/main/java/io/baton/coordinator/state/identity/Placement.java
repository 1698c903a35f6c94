package io.baton.coordinator.state.identity;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.mktree.image.proto.ThreadCoreEntry;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Scheduling;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.ArrayList;
import java.util.List;

/**
 * Where and when the kernel runs a thread beyond its scheduling policy: CPUs, disk priority, timer slack. CRIU does not
 * save them; in the image they are fields of our own. CPUs that are not here, and a disk priority we may not give, are
 * let be.
 */
public final class Placement implements StateKind {
    private static final int PR_SET_TIMERSLACK = 29;
    private static final int PR_GET_TIMERSLACK = 30;
    private static final int IOPRIO_WHO_PROCESS = 1;
    private static final int IOPRIO_CLASS_SHIFT = 13;
    private static final int IOPRIO_CLASS_BEST_EFFORT = 2;
    private static final int NONE = 0;
    private static final int LOWEST_NICE = -20;
    private static final int NICE_PER_LEVEL = 5;

    @Override
    public String name() {
        return "placement";
    }

    @Override
    public Account account() {
        return new Account(
                name(),
                "sched_getaffinity(2), ioprio_get(2); asked: PR_GET_TIMERSLACK",
                "sched_setaffinity(2), ioprio_set(2), PR_SET_TIMERSLACK; CPUs that are not here and priorities we may not give are let be",
                "ThreadCoreEntry.affinity",
                "ThreadCoreEntry.io_priority",
                "ThreadCoreEntry.timer_slack_ns");
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        objects.addThreads(name(), process);
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        int tid = capture.thread().tid();
        ThreadCoreEntry.Builder thread = capture.core().getThreadCoreBuilder();
        for (long word : Scheduling.affinity(tid)) {
            thread.addAffinity(word);
        }
        int priority = diskPriority(tid);
        if (priority != NONE) {
            thread.setIoPriority(priority);
        }
        int slack =
                capture.ask().call(SyscallNumber.PRCTL).value(PR_GET_TIMERSLACK).result();
        capture.then(answers -> thread.setTimerSlackNs(answers.result(slack)));
    }

    /** For a thread that was given no disk priority some kernels tell what follows from its nice value. */
    private static int diskPriority(int tid) {
        int priority = Scheduling.ioPriority(tid);
        if (Scheduling.ioPriority(0) == NONE) {
            return priority; // ours was not given either, and is told as none
        }
        int level = (Scheduling.get(tid).nice() - LOWEST_NICE) / NICE_PER_LEVEL;
        return priority == ((IOPRIO_CLASS_BEST_EFFORT << IOPRIO_CLASS_SHIFT) | level) ? NONE : priority;
    }

    /** What every fresh task has from us. */
    private record Own(List<Long> affinity, int diskPriority, long slack) {
        static Own read() {
            List<Long> affinity = new ArrayList<>();
            for (long word : Scheduling.affinity(0)) {
                affinity.add(word);
            }
            return new Own(affinity, Placement.diskPriority(0), Prctl.control(PR_GET_TIMERSLACK, 0, 0, 0, 0));
        }
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        ThreadCoreEntry saved = thread.core().getThreadCore();
        Own own = thread.process().shared(Own.class, Own::read);
        kept.tag(Item.SCHEDULER.tag());
        if (saved.getAffinityCount() > 0 && !saved.getAffinityList().equals(own.affinity())) {
            int words = kept.longs(
                    saved.getAffinityList().stream().mapToLong(Long::longValue).toArray());
            kept.call(SyscallNumber.SCHED_SETAFFINITY)
                    .value(0)
                    .value((long) saved.getAffinityCount() * Long.BYTES)
                    .data(words)
                    .orErrno(Errno.EINVAL);
        }
        // An image of CRIU says nothing of it, so that we may only assume it to be the usual.
        if (saved.getIoPriority() != own.diskPriority()) {
            kept.call(SyscallNumber.IOPRIO_SET)
                    .value(IOPRIO_WHO_PROCESS)
                    .value(0)
                    .value(saved.getIoPriority())
                    .orErrno(Errno.EPERM);
        }
        if (saved.hasTimerSlackNs() && saved.getTimerSlackNs() != own.slack()) {
            kept.call(SyscallNumber.PRCTL).value(PR_SET_TIMERSLACK).value(saved.getTimerSlackNs());
        }
    }
}
