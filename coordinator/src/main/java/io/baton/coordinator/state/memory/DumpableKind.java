package io.baton.coordinator.state.memory;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.mktree.image.proto.MmEntry;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * Whether a process may be traced by its own user. Of the address space, but changed by every change of credentials:
 * therefore a kind of its own, after the credentials, and by every thread.
 */
public final class DumpableKind implements StateKind {
    private static final int PR_GET_DUMPABLE = 3;
    private static final int PR_SET_DUMPABLE = 4;
    private static final int DUMPABLE = 1;

    @Override
    public String name() {
        return "dumpable";
    }

    @Override
    public Account account() {
        return new Account(
                name(),
                "asked: PR_GET_DUMPABLE",
                "PR_SET_DUMPABLE, after the credentials; 2 (root only) as 0",
                "MmEntry.dumpable");
    }

    @Override
    public void capture(ProcessCapture capture) {
        MmEntry.Builder mm = capture.image().mm();
        int dumpable = control(capture.ask(), PR_GET_DUMPABLE, 0).result();
        capture.then(answers -> mm.setDumpable((int) answers.result(dumpable)));
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        MmEntry mm = thread.process().mm();
        // 2, "by root only", cannot be set; 0 says the same but for core dumps.
        int dumpable = !mm.hasDumpable() || mm.getDumpable() == DUMPABLE ? DUMPABLE : 0;
        kept.tag(Item.PROCESS_FLAG.tag(PR_SET_DUMPABLE));
        control(kept, PR_SET_DUMPABLE, dumpable);
    }

    private static ProgramBuilder control(ProgramBuilder block, int option, int value) {
        return block.call(SyscallNumber.PRCTL)
                .value(option)
                .value(value)
                .value(0)
                .value(0)
                .value(0);
    }
}
