package io.baton.coordinator.state.thread;

import io.baton.coordinator.state.Item;
import io.baton.coordinator.state.StateKind;
import io.baton.coordinator.state.ThreadCapture;
import io.baton.coordinator.state.ThreadRestore;
import io.baton.mktree.image.proto.RseqEntry;
import io.baton.mktree.image.proto.UserX86RegsEntry;
import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcessMemory;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.program.ProgramBuilder;

/**
 * A thread's area for restartable sequences. A thread stopped inside one is saved at its abort handler: that is where
 * the kernel would send it. Must come after the kind that saves the registers.
 *
 * <p>Restored last of all: from then on the kernel writes into the area whenever the thread goes back to user mode, and
 * kills it if the area is gone. Source: {@code rseq(2)}.
 */
public final class RestartableSequences implements StateKind {
    /** In {@code struct rseq}: address of the descriptor of the sequence it is in, or 0. */
    private static final int SEQUENCE_OFFSET = 8;

    /** {@code struct rseq_cs}: version, flags, start, length, abort handler. */
    private static final int DESCRIPTOR_LENGTH = 32;

    private static final int START_OFFSET = 8;
    private static final int LENGTH_OFFSET = 16;
    private static final int ABORT_OFFSET = 24;

    @Override
    public String name() {
        return "restartable sequences";
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
        registers.setIp(leave(capture.thread().pid(), rseq.address(), registers.getIp()));
    }

    /** Where a thread goes on: at the abort handler if it is inside a sequence, else where it is. */
    private static long leave(int pid, long area, long ip) {
        try (Memory descriptor = Memory.allocate(DESCRIPTOR_LENGTH)) {
            long address = ProcessMemory.readLong(pid, area + SEQUENCE_OFFSET);
            if (address == 0
                    || ProcessMemory.read(pid, address, descriptor.address(), DESCRIPTOR_LENGTH) != DESCRIPTOR_LENGTH) {
                return ip;
            }
            long start = descriptor.buffer().getLong(START_OFFSET);
            long length = descriptor.buffer().getLong(LENGTH_OFFSET);
            boolean inside = Long.compareUnsigned(ip - start, length) < 0;
            return inside ? descriptor.buffer().getLong(ABORT_OFFSET) : ip;
        } catch (LinuxException e) {
            if (e.errno() == Errno.EFAULT) {
                return ip;
            }
            throw e;
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
