package io.baton.coordinator.state.thread;

import io.baton.coordinator.ptrace.CriticalSection;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.mktree.image.proto.RseqEntry;
import io.baton.mktree.image.proto.UserX86RegsEntry;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.UserRegs;
import io.baton.task.program.ProgramBuilder;

/**
 * A thread's area for restartable sequences. A thread stopped inside one is saved at its abort handler: that is where
 * the kernel would send it. Must come after the kind that saves the registers.
 *
 * <p>Restored last of all: from then on the kernel writes into the area whenever the thread goes back to user mode, and
 * kills it if the area is gone. Source: {@code rseq(2)}.
 */
public final class RestartableSequences implements StateKind {
    @Override
    public String name() {
        return "restartable sequences";
    }

    @Override
    public Account account() {
        return new Account(name(), "PTRACE_GET_RSEQ_CONFIGURATION", "rseq(2), at the end", "RseqEntry");
    }

    @Override
    public void list(SeizedProcess process, TreeImage tree, TreeObjects objects) {
        objects.addThreads(name(), process);
    }

    @Override
    public void captureThread(ThreadCapture capture) {
        Ptrace.RseqConfiguration rseq = capture.thread().rseq();
        if (rseq.address() == 0) {
            return;
        }
        capture.core()
                .getThreadCoreBuilder()
                .setRseqEntry(RseqEntry.newBuilder()
                        .setRseqAbiPointer(rseq.address())
                        .setRseqAbiSize(rseq.size())
                        .setSignature(rseq.signature()));
        UserX86RegsEntry.Builder registers =
                capture.core().getThreadInfoBuilder().getGpregsBuilder();
        long resumed = CriticalSection.resumeAt(capture.thread());
        if (resumed != capture.thread().register(UserRegs.RIP)) {
            registers.setIp(resumed);
        }
    }

    @Override
    public void compileCredentials(ThreadRestore thread, ProgramBuilder kept) {
        if (!thread.core().getThreadCore().hasRseqEntry()) {
            return;
        }
        RseqEntry saved = thread.core().getThreadCore().getRseqEntry();
        if (saved.getRseqAbiPointer() != 0) {
            kept.tag(Item.RSEQ.tag());
            kept.call(SyscallNumber.RSEQ)
                    .value(saved.getRseqAbiPointer())
                    .value(saved.getRseqAbiSize())
                    .value(0)
                    .value(Integer.toUnsignedLong(saved.getSignature()));
        }
    }
}
