package io.baton.coordinator.state.identity;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.ThreadCoreEntry;
import io.baton.task.linux.Memory;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.program.ProgramBuilder;
import java.util.List;

/**
 * How a thread has set the processor and the kernel for itself: whether it may read the time stamp counter and ask for
 * the processor's features, how it is guarded against speculation, what a memory error does to it. CRIU does not save
 * them; in the image they are fields of our own, there only where they are not what a thread has that never asked.
 */
public final class ThreadModes implements StateKind {
    private static final int PR_GET_TSC = 25;
    private static final int PR_SET_TSC = 26;
    private static final int TSC_ENABLE = 1;
    private static final int PR_MCE_KILL = 33;
    private static final int PR_MCE_KILL_SET = 1;
    private static final int PR_MCE_KILL_GET = 34;
    private static final int MCE_KILL_DEFAULT = 2;
    private static final int PR_GET_SPECULATION_CTRL = 52;
    private static final int PR_SET_SPECULATION_CTRL = 53;
    private static final int SPECULATIONS = 3;
    /** In the answer: that the thread itself decides. */
    private static final int PR_SPEC_PRCTL = 1;

    private static final int ARCH_GET_CPUID = 0x1011;
    private static final int ARCH_SET_CPUID = 0x1012;

    private static final int GET_SYSCALL_USER_DISPATCH_CONFIG = 0x4211;
    private static final int DISPATCH_LENGTH = 32;

    /** PF_MEMALLOC_NOIO and PF_LOCAL_THROTTLE, which PR_SET_IO_FLUSHER sets. */
    private static final int FLUSHER = 0x0018_0000;

    @Override
    public String name() {
        return "thread modes";
    }

    @Override
    public Account account() {
        return new Account(
                        name(),
                        "asked: PR_GET_TSC, PR_MCE_KILL_GET, PR_GET_SPECULATION_CTRL, ARCH_GET_CPUID",
                        "prctl(2), arch_prctl(2), at the end",
                        "ThreadCoreEntry.tsc_mode",
                        "ThreadCoreEntry.mce_kill_policy",
                        "ThreadCoreEntry.speculative_store",
                        "ThreadCoreEntry.indirect_branch",
                        "ThreadCoreEntry.l1d_flush",
                        "ThreadCoreEntry.cpuid_faults")
                .refusing(
                        "has its system calls sent back to it (PR_SET_SYSCALL_USER_DISPATCH)",
                        "is told to the kernel as one that writes out memory (PR_SET_IO_FLUSHER)");
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        objects.addThreads(name(), process);
    }

    @Override
    public void inspect(SeizedProcess process, DumpOptions options, Refusals refusals) {
        for (SeizedThread thread : process.threads()) {
            if (dispatches(thread)) {
                refusals.add(
                        thread.tid(),
                        name(),
                        "has its system calls sent back to it (PR_SET_SYSCALL_USER_DISPATCH)",
                        "have it switch that off before the dump");
            }
            if ((thread.stat().flags() & FLUSHER) == FLUSHER) {
                refusals.add(
                        thread.tid(),
                        name(),
                        "is told to the kernel as one that writes out memory (PR_SET_IO_FLUSHER)",
                        "have it take that back before the dump");
            }
        }
    }

    /** Since Linux 6.4 it can be seen; before, the thread that is asked would get a SIGSYS. */
    private static boolean dispatches(SeizedThread thread) {
        try (Memory config = Memory.allocate(DISPATCH_LENGTH)) {
            long result = SystemCall.call(
                    SyscallNumber.PTRACE,
                    GET_SYSCALL_USER_DISPATCH_CONFIG,
                    thread.tid(),
                    DISPATCH_LENGTH,
                    config.address());
            return result >= 0 && config.buffer().getLong(0) != 0;
        }
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        ProgramBuilder ask = capture.ask();
        int counter = ask.reserve(Integer.BYTES);
        ask.call(SyscallNumber.PRCTL).value(PR_GET_TSC).data(counter);
        int policy = control(ask, PR_MCE_KILL_GET, 0, 0).result();
        int[] speculation = new int[SPECULATIONS];
        for (int which = 0; which < SPECULATIONS; which++) {
            speculation[which] = control(ask, PR_GET_SPECULATION_CTRL, which, 0).result();
        }
        int features = ask.call(SyscallNumber.ARCH_PRCTL)
                .value(ARCH_GET_CPUID)
                .value(0)
                .result();
        ThreadCoreEntry.Builder thread = capture.core().getThreadCoreBuilder();
        capture.then(answers -> {
            int mode = answers.getInt(counter);
            if (mode != 0 && mode != TSC_ENABLE) {
                thread.setTscMode(mode);
            }
            if (answers.result(policy) >= 0 && answers.result(policy) != MCE_KILL_DEFAULT) {
                thread.setMceKillPolicy((int) answers.result(policy));
            }
            setSpeculation(thread, 0, answers.result(speculation[0]));
            setSpeculation(thread, 1, answers.result(speculation[1]));
            setSpeculation(thread, 2, answers.result(speculation[2]));
            if (answers.result(features) == 0) {
                thread.setCpuidFaults(true);
            }
        });
    }

    /** Only what the thread decides itself, and has decided otherwise than we. */
    private static void setSpeculation(ThreadCoreEntry.Builder thread, int which, long mode) {
        if (mode < 0 || (mode & PR_SPEC_PRCTL) == 0 || mode == ownSpeculation(which)) {
            return;
        }
        switch (which) {
            case 0 -> thread.setSpeculativeStore((int) mode);
            case 1 -> thread.setIndirectBranch((int) mode);
            default -> thread.setL1DFlush((int) mode);
        }
    }

    private static long ownSpeculation(int which) {
        return SystemCall.call(SyscallNumber.PRCTL, PR_GET_SPECULATION_CTRL, which, 0, 0, 0);
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        ThreadCoreEntry saved = thread.core().getThreadCore();
        kept.tag(Item.PROCESS_FLAG.tag());
        if (saved.hasMceKillPolicy()) {
            control(kept, PR_MCE_KILL, PR_MCE_KILL_SET, saved.getMceKillPolicy());
        }
        restoreSpeculation(0, saved.getSpeculativeStore(), kept);
        restoreSpeculation(1, saved.getIndirectBranch(), kept);
        restoreSpeculation(2, saved.getL1DFlush(), kept);
        if (saved.getCpuidFaults()) {
            kept.call(SyscallNumber.ARCH_PRCTL).value(ARCH_SET_CPUID).value(0);
        }
        if (saved.hasTscMode()) {
            kept.call(SyscallNumber.PRCTL).value(PR_SET_TSC).value(saved.getTscMode());
        }
    }

    /** Whether a thread is among them for which to read the time stamp counter is a SIGSEGV. */
    public static boolean forbidsCounter(List<CoreEntry> cores) {
        for (CoreEntry core : cores) {
            if (core.getThreadCore().hasTscMode()) {
                return true;
            }
        }
        return false;
    }

    private static void restoreSpeculation(int which, int mode, ProgramBuilder kept) {
        if ((mode & PR_SPEC_PRCTL) != 0) {
            control(kept, PR_SET_SPECULATION_CTRL, which, mode & ~PR_SPEC_PRCTL);
        }
    }

    private static ProgramBuilder control(ProgramBuilder block, int option, long first, long second) {
        return block.call(SyscallNumber.PRCTL)
                .value(option)
                .value(first)
                .value(second)
                .value(0)
                .value(0);
    }
}
