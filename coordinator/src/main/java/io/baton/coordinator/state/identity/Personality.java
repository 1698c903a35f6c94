package io.baton.coordinator.state.identity;

import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.ProcessCapture;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.mktree.image.proto.TaskCoreEntry;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * The execution domain of personality(2). Set late: READ_IMPLIES_EXEC would change what mmap does while memory is
 * restored.
 */
public final class Personality implements StateKind {
    private static final long QUERY = 0xffff_ffffL;

    @Override
    public String name() {
        return "personality";
    }

    @Override
    public void capture(ProcessCapture capture) {
        int result = capture.ask().call(SyscallNumber.PERSONALITY).value(QUERY).result();
        TaskCoreEntry.Builder task = capture.core().getTcBuilder();
        capture.then(answers -> task.setPersonality((int) answers.result(result)));
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        int saved = thread.process().core().getTc().getPersonality();
        if (saved != thread.process().own().personality()) {
            kept.tag(Item.PERSONALITY.tag());
            kept.call(SyscallNumber.PERSONALITY).value(Integer.toUnsignedLong(saved));
        }
    }
}
