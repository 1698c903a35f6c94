package io.baton.coordinator.state.identity;

import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.ContextBuilder;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.ProcessRestore;
import io.baton.coordinator.state.StateKind;
import io.baton.mktree.image.proto.TaskCoreEntry;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * The kinds of membarrier(2) a process has registered for. The kernel lists them since Linux 6.3; on an older one none
 * is saved, as with CRIU.
 */
public final class MemoryBarriers implements StateKind {
    private static final int GET_REGISTRATIONS = 1 << 9;

    @Override
    public String name() {
        return "membarrier registrations";
    }

    @Override
    public Account account() {
        return new Account(
                name(),
                "asked: MEMBARRIER_CMD_GET_REGISTRATIONS (Linux 6.3)",
                "membarrier(2)",
                "TaskCoreEntry.membarrier_registration_mask");
    }

    @Override
    public void capture(ProcessCapture capture) {
        int result = capture.ask()
                .call(SyscallNumber.MEMBARRIER)
                .value(GET_REGISTRATIONS)
                .result();
        TaskCoreEntry.Builder task = capture.core().getTcBuilder();
        capture.then(answers -> {
            if (answers.result(result) > 0) {
                task.setMembarrierRegistrationMask((int) answers.result(result));
            }
        });
    }

    /** The mask's bits are the commands that register. */
    @Override
    public void compile(ProcessRestore process, ContextBuilder context) {
        int mask = process.core().getTc().getMembarrierRegistrationMask();
        for (int command = Integer.lowestOneBit(mask); command != 0; command = Integer.lowestOneBit(mask)) {
            ProgramBuilder program = context.item(Item.PROCESS_FLAG.tag());
            program.call(SyscallNumber.MEMBARRIER).value(command);
            mask &= ~command;
        }
    }
}
