package io.baton.coordinator.ptrace;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Identity;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.UserRegs;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The thread that has asked for a checkpoint of itself, or of the tree it belongs to: {@code baton_checkpoint()} of
 * libbaton-task. It has started us as a child of its process, which is not part of the tree, and waits for our end in
 * wait4(2). What that call returns is what tells the two lives apart: in the image 0, in the tree that lives on the
 * checkpoint's id; and should we die, the kernel lets it return what wait4 always does.
 */
public final class Caller {
    /** Makes an id differ from all that wait4(2) itself can return, see {@code native/task/checkpoint.c}. */
    private static final long CHECKPOINTED = 1L << 40;

    private final int tid;

    private Caller(int tid) {
        this.tid = tid;
    }

    /**
     * A thread of the process that has started us.
     *
     * @param tid in our pid namespace
     */
    public static Caller of(int tid) {
        return new Caller(tid);
    }

    public int tid() {
        return tid;
    }

    /** Whether it waits for us. */
    boolean waits(SeizedTree tree) {
        SeizedThread thread = thread(tree);
        return thread.register(UserRegs.ORIG_RAX) == SyscallNumber.WAIT4
                && (int) thread.register(UserRegs.RDI) == Identity.pid();
    }

    /** Its process. */
    public SeizedProcess process(SeizedTree tree) {
        return thread(tree).process();
    }

    /** Lets its call return 0 in the image. */
    public void restarted(SeizedTree tree) {
        SeizedThread thread = thread(tree);
        thread.saved(returned(thread.registers(), 0));
    }

    /**
     * Lets its call return the checkpoint's id, now that there is one.
     *
     * @param id positive
     */
    public void checkpointed(SeizedTree tree, int id) {
        SeizedThread thread = thread(tree);
        try (UserRegs registers = new UserRegs()) {
            UnsafeBuffer returned = returned(thread.resumeRegisters(), CHECKPOINTED | id);
            thread.resume(returned);
            registers.buffer().putBytes(0, returned, 0, UserRegs.LENGTH);
            Ptrace.setRegisters(tid, registers);
        }
    }

    private static UnsafeBuffer returned(DirectBuffer registers, long result) {
        UnsafeBuffer changed = new UnsafeBuffer(new byte[UserRegs.LENGTH]);
        changed.putBytes(0, registers, 0, UserRegs.LENGTH);
        changed.putLong(UserRegs.RAX, result);
        changed.putLong(UserRegs.ORIG_RAX, -1);
        return changed;
    }

    private SeizedThread thread(SeizedTree tree) {
        for (SeizedProcess process : tree.processes()) {
            for (SeizedThread thread : process.threads()) {
                if (thread.tid() == tid) {
                    return thread;
                }
            }
        }
        throw new BatonException(
                ErrorCode.NO_SUCH_PROCESS,
                "thread " + tid + ", which has asked for the checkpoint, is not of the tree of pid "
                        + tree.root().pid(),
                "give the root of the hierarchy it belongs to");
    }
}
