package io.baton.coordinator.state.thread;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.mktree.image.proto.ThreadCoreEntry;
import io.baton.task.linux.RobustList;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * Where a thread lists the robust futexes it holds. Registered last: a task that dies in a restore that fails must not
 * mark futexes in shared memory as abandoned.
 */
public final class RobustFutexes implements StateKind {
    @Override
    public String name() {
        return "robust futex lists";
    }

    @Override
    public Account account() {
        return new Account(name(), "get_robust_list(2)", "set_robust_list(2), at the end", "ThreadCoreEntry.futex_rla");
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        objects.addThreads(name(), process);
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        RobustList list = capture.thread().robustList();
        capture.core().getThreadCoreBuilder().setFutexRla(list.head()).setFutexRlaLen((int) list.length());
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        ThreadCoreEntry saved = thread.core().getThreadCore();
        if (saved.getFutexRla() != 0) {
            kept.tag(Item.ROBUST_LIST.tag());
            kept.call(SyscallNumber.SET_ROBUST_LIST).value(saved.getFutexRla()).value(saved.getFutexRlaLen());
        }
    }
}
