package io.baton.coordinator.state.signals;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.Answers;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.mktree.image.proto.SaEntry;
import io.baton.mktree.image.proto.TaskCoreEntry;
import io.baton.task.linux.Signals;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * What a process does about each signal. The image lists signals 1 to 64 without SIGKILL and SIGSTOP, which have no
 * action. A fresh task has the default action for all.
 *
 * <p>The action of SIGCHLD is set only after all tasks are restored: a parent that ignores it would have its future
 * zombies vanish.
 */
public final class SignalActions implements StateKind {
    /** The kernel's {@code struct sigaction}: handler, flags, restorer, mask. */
    private static final int ACTION_LENGTH = 32;

    private static final int FLAGS_OFFSET = 8;
    private static final int RESTORER_OFFSET = 16;
    private static final int MASK_OFFSET = 24;

    /** Signals with an action, in the image. */
    private static final int COUNT = Signals.COUNT - 2;

    @Override
    public String name() {
        return "signal actions";
    }

    @Override
    public Account account() {
        return new Account(
                name(),
                "asked: rt_sigaction(2)",
                "rt_sigaction(2); that of SIGCHLD when all zombies are zombies",
                "SaEntry");
    }

    @Override
    public void capture(ProcessCapture capture) {
        ProgramBuilder ask = capture.ask();
        int actions = ask.reserve(COUNT * ACTION_LENGTH);
        for (int i = 0; i < COUNT; i++) {
            ask.call(SyscallNumber.RT_SIGACTION)
                    .value(signal(i))
                    .value(0)
                    .data(actions + i * ACTION_LENGTH)
                    .value(Long.BYTES);
        }
        TaskCoreEntry.Builder task = capture.core().getTcBuilder();
        capture.then(answers -> read(answers, actions, task));
    }

    private static void read(Answers answers, int actions, TaskCoreEntry.Builder task) {
        for (int i = 0; i < COUNT; i++) {
            int at = actions + i * ACTION_LENGTH;
            task.addSigactions(SaEntry.newBuilder()
                    .setSigaction(answers.getLong(at))
                    .setFlags(answers.getLong(at + FLAGS_OFFSET))
                    .setRestorer(answers.getLong(at + RESTORER_OFFSET))
                    .setMask(answers.getLong(at + MASK_OFFSET))
                    .setCompatSigaction(false));
        }
    }

    @Override
    public void validate(ProcessRestore process, Refusals refusals) {
        int pid = process.pstree().getPid();
        TaskCoreEntry task = process.core().getTc();
        if (task.getSigactionsCount() != COUNT) {
            String reason = "the image lists " + task.getSigactionsCount() + " instead of " + COUNT;
            refusals.add(pid, "signal actions", reason, "");
        }
        for (SaEntry action : task.getSigactionsList()) {
            if (action.getCompatSigaction()) {
                refusals.add(pid, "signal actions", "set by 32-bit code", "");
                return;
            }
        }
    }

    @Override
    public void compile(ProcessRestore process, ContextBuilder context) {
        TaskCoreEntry task = process.core().getTc();
        for (int i = 0; i < task.getSigactionsCount(); i++) {
            int signal = signal(i);
            SaEntry action = task.getSigactions(i);
            if (signal != Signals.SIGCHLD && !isDefault(action)) {
                emit(signal, action, context.item(Item.SIGNAL_ACTION.tag(signal)));
            }
        }
    }

    @Override
    public void compileSignals(ThreadRestore thread, ProgramBuilder kept) {
        TaskCoreEntry task = thread.process().core().getTc();
        int child = index(Signals.SIGCHLD);
        if (thread.isFirst() && task.getSigactionsCount() > child && !isDefault(task.getSigactions(child))) {
            emit(Signals.SIGCHLD, task.getSigactions(child), kept.tag(Item.SIGNAL_ACTION.tag(Signals.SIGCHLD)));
        }
    }

    private static void emit(int signal, SaEntry action, ProgramBuilder program) {
        int at = program.longs(action.getSigaction(), action.getFlags(), action.getRestorer(), action.getMask());
        program.call(SyscallNumber.RT_SIGACTION).value(signal).data(at).value(0).value(Long.BYTES);
    }

    private static boolean isDefault(SaEntry action) {
        return action.getSigaction() == 0
                && action.getFlags() == 0
                && action.getRestorer() == 0
                && action.getMask() == 0;
    }

    /** The signal at that place of the image's list. */
    static int signal(int index) {
        int signal = index + 1;
        if (signal >= Signals.SIGKILL) {
            signal++;
        }
        return signal >= Signals.SIGSTOP ? signal + 1 : signal;
    }

    /** The place of that signal in the image's list. */
    static int index(int signal) {
        if (signal > Signals.SIGSTOP) {
            return signal - 3;
        }
        return signal > Signals.SIGKILL ? signal - 2 : signal - 1;
    }
}
