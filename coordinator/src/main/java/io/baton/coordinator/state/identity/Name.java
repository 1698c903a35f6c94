package io.baton.coordinator.state.identity;

import com.google.protobuf.ByteString;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.Answers;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.ThreadCoreEntry;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;
import java.util.Arrays;

/** The name of each thread ({@code comm}): up to 15 bytes of any kind. */
public final class Name implements StateKind {
    private static final int PR_SET_NAME = 15;
    private static final int PR_GET_NAME = 16;
    private static final int LENGTH = 16;

    @Override
    public String name() {
        return "name";
    }

    @Override
    public Account account() {
        return new Account(name(), "asked: PR_GET_NAME", "PR_SET_NAME", "ThreadCoreEntry.comm", "TaskCoreEntry.comm");
    }

    @Override
    public void capture(ProcessCapture capture) {
        if (!capture.process().leaderDead()) {
            return; // it tells its name itself
        }
        byte[] name = capture.process().proc().read(capture.process().pid(), "comm");
        // A newline follows it.
        ByteString comm = ByteString.copyFrom(name, 0, Math.max(0, name.length - 1));
        capture.core().getTcBuilder().setCommBytes(comm);
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        ProgramBuilder ask = capture.ask();
        int name = ask.reserve(LENGTH);
        ask.call(SyscallNumber.PRCTL).value(PR_GET_NAME).data(name);
        ThreadCoreEntry.Builder thread = capture.core().getThreadCoreBuilder();
        boolean leader = capture.thread().isLeader();
        CoreEntry.Builder core = capture.core();
        capture.then(answers -> {
            ByteString comm = read(answers, name);
            thread.setCommBytes(comm);
            if (leader) {
                core.getTcBuilder().setCommBytes(comm);
            }
        });
    }

    private static ByteString read(Answers answers, int offset) {
        byte[] bytes = new byte[LENGTH];
        answers.data().getBytes(answers.dataOffset() + offset, bytes);
        int length = 0;
        while (length < LENGTH && bytes[length] != 0) {
            length++;
        }
        return ByteString.copyFrom(bytes, 0, length);
    }

    @Override
    public void compileThread(ThreadRestore thread, ContextBuilder context) {
        emit(thread.core(), context.item(Item.NAME.tag()));
    }

    /** Gives a task its name; one that becomes a zombie has only the process's. */
    static void emit(CoreEntry core, ProgramBuilder program) {
        ByteString name = core.getThreadCore().hasComm()
                ? core.getThreadCore().getCommBytes()
                : core.getTc().getCommBytes();
        int at = program.bytes(Arrays.copyOf(name.toByteArray(), LENGTH));
        program.call(SyscallNumber.PRCTL).value(PR_SET_NAME).data(at);
    }
}
