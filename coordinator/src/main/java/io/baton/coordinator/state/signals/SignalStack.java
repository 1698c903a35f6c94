package io.baton.coordinator.state.signals;

import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.mktree.image.proto.ThreadCoreEntry;
import io.baton.mktree.image.proto.ThreadSasEntry;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * The stack a thread wants its signal handlers to run on. That it runs on it just now is not state: the kernel compares
 * the stack pointer.
 */
public final class SignalStack implements StateKind {
    private static final int SS_ONSTACK = 1;
    private static final int SS_DISABLE = 2;

    /** The kernel's {@code stack_t}: address, flags (32 bits, padded), size. */
    private static final int STACK_LENGTH = 24;

    private static final int FLAGS_OFFSET = 8;
    private static final int SIZE_OFFSET = 16;
    private static final long INT_MASK = 0xffff_ffffL;

    @Override
    public String name() {
        return "alternate signal stacks";
    }

    @Override
    public Account account() {
        return new Account(name(), "asked: sigaltstack(2)", "sigaltstack(2)", "ThreadSasEntry");
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        objects.addThreads(name(), process);
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        ProgramBuilder ask = capture.ask();
        int stack = ask.reserve(STACK_LENGTH);
        ask.call(SyscallNumber.SIGALTSTACK).value(0).data(stack);
        ThreadCoreEntry.Builder thread = capture.core().getThreadCoreBuilder();
        capture.then(answers -> thread.setSas(ThreadSasEntry.newBuilder()
                .setSsSp(answers.getLong(stack))
                .setSsFlags(answers.getInt(stack + FLAGS_OFFSET))
                .setSsSize(answers.getLong(stack + SIZE_OFFSET))));
    }

    @Override
    public void compileThread(ThreadRestore thread, ContextBuilder context) {
        ThreadSasEntry saved = thread.core().getThreadCore().getSas();
        if (saved.getSsSize() == 0 || (saved.getSsFlags() & SS_DISABLE) != 0) {
            return;
        }
        ProgramBuilder program = context.item(Item.SIGNAL_STACK.tag());
        int stack = program.longs(saved.getSsSp(), saved.getSsFlags() & ~SS_ONSTACK & INT_MASK, saved.getSsSize());
        program.call(SyscallNumber.SIGALTSTACK).data(stack).value(0);
    }
}
