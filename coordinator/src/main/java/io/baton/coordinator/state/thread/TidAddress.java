package io.baton.coordinator.state.thread;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.mktree.image.proto.ThreadInfoX86;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * The word the kernel clears and wakes when a thread ends, by which pthread_join(3) learns of it. Registered last, for
 * the same reason as {@link RobustFutexes}.
 */
public final class TidAddress implements StateKind {
    private static final int PR_GET_TID_ADDRESS = 40;

    @Override
    public String name() {
        return "clear_child_tid";
    }

    @Override
    public Account account() {
        return new Account(
                name(), "asked: PR_GET_TID_ADDRESS", "set_tid_address(2), at the end", "ThreadInfoX86.clear_tid_addr");
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        objects.addThreads(name(), process);
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        ProgramBuilder ask = capture.ask();
        int address = ask.reserve(Long.BYTES);
        ask.call(SyscallNumber.PRCTL).value(PR_GET_TID_ADDRESS).data(address);
        ThreadInfoX86.Builder info = capture.core().getThreadInfoBuilder();
        capture.then(answers -> info.setClearTidAddr(answers.getLong(address)));
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        long saved = thread.core().getThreadInfo().getClearTidAddr();
        if (saved != 0) {
            kept.tag(Item.TID_ADDRESS.tag());
            kept.call(SyscallNumber.SET_TID_ADDRESS).value(saved);
        }
    }
}
