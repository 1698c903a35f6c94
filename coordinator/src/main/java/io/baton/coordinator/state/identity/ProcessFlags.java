package io.baton.coordinator.state.identity;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.mktree.image.proto.TaskCoreEntry;
import io.baton.mktree.image.proto.ThreadCoreEntry;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * Flags of prctl(2): whether a process adopts orphans, and the signal at its parent's death. Must come after the
 * credentials, whose change resets the latter. While a tree restores, its tasks have a parent-death signal of ours, and
 * those that make others may adopt orphans, so both are set even where there was none.
 */
public final class ProcessFlags implements StateKind {
    private static final int PR_SET_PDEATHSIG = 1;
    private static final int PR_GET_PDEATHSIG = 2;
    private static final int PR_SET_CHILD_SUBREAPER = 36;
    private static final int PR_GET_CHILD_SUBREAPER = 37;

    @Override
    public String name() {
        return "process flags";
    }

    @Override
    public Account account() {
        return new Account(
                name(),
                "asked: PR_GET_CHILD_SUBREAPER, PR_GET_PDEATHSIG",
                "prctl(2), after the credentials",
                "TaskCoreEntry.child_subreaper",
                "ThreadCoreEntry.pdeath_sig");
    }

    @Override
    public void capture(ProcessCapture capture) {
        ProgramBuilder ask = capture.ask();
        int reaper = ask.reserve(Integer.BYTES);
        ask.call(SyscallNumber.PRCTL).value(PR_GET_CHILD_SUBREAPER).data(reaper);
        TaskCoreEntry.Builder task = capture.core().getTcBuilder();
        capture.then(answers -> task.setChildSubreaper(answers.getInt(reaper) != 0));
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        ProgramBuilder ask = capture.ask();
        int signal = ask.reserve(Integer.BYTES);
        ask.call(SyscallNumber.PRCTL).value(PR_GET_PDEATHSIG).data(signal);
        ThreadCoreEntry.Builder thread = capture.core().getThreadCoreBuilder();
        capture.then(answers -> {
            if (answers.getInt(signal) != 0) {
                thread.setPdeathSig(answers.getInt(signal));
            }
        });
    }

    @Override
    public void compileSignals(ThreadRestore thread, ProgramBuilder kept) {
        boolean reaper = thread.process().core().getTc().getChildSubreaper();
        if (thread.isFirst() && (reaper || thread.process().mayHaveChildren())) {
            control(PR_SET_CHILD_SUBREAPER, reaper ? 1 : 0, kept);
        }
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        ThreadCoreEntry saved = thread.core().getThreadCore();
        if (thread.isFirst() || saved.getPdeathSig() != 0) {
            control(PR_SET_PDEATHSIG, saved.getPdeathSig(), kept);
        }
    }

    private static void control(int option, int value, ProgramBuilder kept) {
        kept.tag(Item.PROCESS_FLAG.tag(option));
        kept.call(SyscallNumber.PRCTL).value(option).value(value);
    }
}
