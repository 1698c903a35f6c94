package io.baton.coordinator.ptrace;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.SyscallGate.Gate;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.Memory;
import io.baton.task.linux.ProcMap;
import io.baton.task.linux.UserRegs;
import java.util.concurrent.TimeUnit;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Prepares a thread's own way back to what it was doing, for the case that we are killed while its registers are ours: a
 * signal frame, as if a handler had interrupted it there.
 *
 * <p>Before there is memory of ours in the process, the frame lies on the main thread's stack, below what the ABI lets the
 * thread use without saying so (128 bytes): a signal could come and put one there at any time. Only there can we be sure
 * that what lies below the stack pointer is free; other stacks may be small pieces of something else. After a call at a
 * gate that returns, the thread goes on at the code by which handlers return, and so to what it did before.
 */
final class WayBack implements AutoCloseable {
    private static final String MAIN_STACK = "[stack]";
    private static final String SHARED_ANONYMOUS = "/dev/zero";
    private static final int RED_ZONE = 128;
    private static final int LONGEST = 16 * 1024;

    private final SyscallGate gates = new SyscallGate();
    private final SignalRestorers restorers = new SignalRestorers();
    private final Memory memory = Memory.allocate(LONGEST);

    /** Where a thread can make calls for us, with its way back prepared where that is possible. */
    CallSite callSite(SeizedThread thread) {
        Gate gate = gates.find(thread.process());
        if (!gate.returns()) {
            return new CallSite(gate.address(), 0);
        }
        refuseOnItsWay(thread);
        int length = SignalFrame.length(thread.extendedState());
        long frame = below(thread, length);
        long restorer = frame == 0 || length > LONGEST ? 0 : restorers.find(thread.process());
        if (restorer == 0) {
            return new CallSite(gate.address(), 0);
        }
        UnsafeBuffer buffer = memory.buffer();
        buffer.setMemory(0, length, (byte) 0);
        write(buffer, 0, frame, thread);
        buffer.putLong(SignalFrame.RETURN_ADDRESS_OFFSET, restorer);
        thread.process().writeMemory(frame, memory.address(), length);
        return new CallSite(gate.address(), frame);
    }

    /** Writes a frame that brings a thread back to what it was doing, the interrupted system call included. */
    static void write(MutableDirectBuffer target, int offset, long address, SeizedThread thread) {
        UnsafeBuffer resumed = new UnsafeBuffer(new byte[UserRegs.LENGTH]);
        resumed.putBytes(0, thread.resumeRegisters(), 0, UserRegs.LENGTH);
        InterruptedCall.restart(thread, resumed);
        SignalFrame.write(target, offset, address, resumed, thread.extendedState(), thread.blockedSignals());
    }

    /**
     * A thread that stands on a runner's stack is on its way back from a dump that was killed. There is no room for a frame
     * there: were we killed too in the middle of a call, the gate's return would take what lies on that stack for an
     * address.
     */
    private static void refuseOnItsWay(SeizedThread thread) {
        if (isOnItsWay(thread)) {
            throw new BatonException(
                    ErrorCode.TASK_FAILED,
                    thread + ": it is still on its way back from a dump that was killed",
                    "try again in " + TimeUnit.NANOSECONDS.toSeconds(AskRunner.PATIENCE) + " seconds");
        }
    }

    /** Whether a thread stands on the stack of a runner. */
    static boolean isOnItsWay(SeizedThread thread) {
        long stack = thread.register(UserRegs.RSP);
        for (ProcMap map : thread.process().maps()) {
            if (stack >= map.start() && stack < map.end()) {
                return map.shared() && map.path().startsWith(SHARED_ANONYMOUS) && isExecutable(thread, map.inode());
            }
        }
        return false;
    }

    /** By this mapping of it or by another one. */
    private static boolean isExecutable(SeizedThread thread, long inode) {
        return thread.process().maps().stream()
                .anyMatch(map -> map.inode() == inode && (map.protection() & Mapping.PROT_EXEC) != 0);
    }

    /** Address for a frame on the main thread's stack, or 0. */
    private static long below(SeizedThread thread, int length) {
        long stack = thread.register(UserRegs.RSP);
        for (ProcMap map : thread.process().maps()) {
            if (map.path().equals(MAIN_STACK) && stack > map.start() && stack <= map.end()) {
                long frame = (stack - RED_ZONE - length) & -SignalFrame.ALIGNMENT;
                return frame > map.start() ? frame : 0;
            }
        }
        return 0;
    }

    @Override
    public void close() {
        memory.close();
    }
}
