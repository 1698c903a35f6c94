package io.baton.coordinator.ptrace;

import io.baton.task.program.ProgramBuilder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** A program that a stopped thread is to run, and after that its answers. */
public final class Ask {
    private final SeizedThread thread;
    private final ProgramBuilder program;
    private final UnsafeBuffer block = new UnsafeBuffer(0, 0);
    private int dataOffset;

    /**
     * @param program of system calls only; whatever they return, it goes on. Not to be changed afterwards
     */
    public Ask(SeizedThread thread, ProgramBuilder program) {
        this.thread = thread;
        this.program = program;
    }

    public SeizedThread thread() {
        return thread;
    }

    public ProgramBuilder program() {
        return program;
    }

    /** The block as the thread has left it, valid as long as {@link AskRunner#finish} was not called. */
    public DirectBuffer block() {
        return block;
    }

    /** Where the data begin in {@link #block()}. */
    public int dataOffset() {
        return dataOffset;
    }

    void answered(long address, int length, int dataStart) {
        block.wrap(address, length);
        dataOffset = dataStart;
    }

    void forget() {
        block.wrap(0, 0);
    }
}
