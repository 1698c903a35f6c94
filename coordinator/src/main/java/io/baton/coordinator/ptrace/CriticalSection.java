package io.baton.coordinator.ptrace;

import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Memory;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.UserRegs;

/**
 * A restartable sequence a thread may have been stopped in. Whoever takes a thread out of one has to put it back at the
 * sequence's abort handler, as the kernel does with a thread it has preempted. Source: {@code rseq(2)}.
 */
public final class CriticalSection {
    /** In {@code struct rseq}: address of the descriptor of the sequence it is in, or 0. */
    private static final int SEQUENCE_OFFSET = 8;

    /** {@code struct rseq_cs}: version, flags, start, length, abort handler. */
    private static final int DESCRIPTOR_LENGTH = 32;

    private static final int START_OFFSET = 8;
    private static final int LENGTH_OFFSET = 16;
    private static final int ABORT_OFFSET = 24;

    private CriticalSection() {}

    /** Where a thread is to go on: at the abort handler if it is inside a sequence, else where it is. */
    public static long resumeAt(SeizedThread thread) {
        long at = thread.register(UserRegs.RIP);
        Ptrace.RseqConfiguration rseq = thread.rseq();
        if (rseq.address() == 0) {
            return at;
        }
        try (Memory memory = Memory.allocate(DESCRIPTOR_LENGTH)) {
            thread.process().readMemory(rseq.address() + SEQUENCE_OFFSET, memory.address(), Long.BYTES);
            long descriptor = memory.buffer().getLong(0);
            if (descriptor == 0) {
                return at;
            }
            thread.process().readMemory(descriptor, memory.address(), DESCRIPTOR_LENGTH);
            long start = memory.buffer().getLong(START_OFFSET);
            long length = memory.buffer().getLong(LENGTH_OFFSET);
            boolean inside = Long.compareUnsigned(at - start, length) < 0;
            return inside ? memory.buffer().getLong(ABORT_OFFSET) : at;
        } catch (LinuxException e) {
            if (e.errno() == Errno.EFAULT || e.errno() == Errno.EIO) {
                return at;
            }
            throw e;
        }
    }
}
