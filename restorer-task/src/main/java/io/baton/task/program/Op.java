package io.baton.task.program;

/** What the interpreter can do. The numbers are its own, in {@code native/layout.h}. */
public final class Op {
    /** A system call: number and six arguments. */
    public static final int SYSCALL = 1;

    /** Make a task: slot, clone flags, exit signal, address of the pids, how many. */
    public static final int CLONE = 2;

    /** Count this task in for a stage and ring the coordinator's bell: stage. */
    public static final int CONFIRM = 3;

    /** Sleep until the coordinator has started a stage: stage. */
    public static final int AWAIT = 4;

    /** Sleep until the baton is here, run the contexts in the ring, pass it on, run what was kept. */
    public static final int TURN = 5;

    /** Be init: reap until a child ends, then end like it: pid. */
    public static final int REAP = 6;

    /** End of an ask: word to set, address of the signal frame to return to alone, deadline. */
    public static final int RETIRE = 7;

    /**
     * Write a 64-bit number: address, number. For structures that hold the address of other data, or what an earlier
     * instruction returned.
     */
    public static final int POKE = 8;

    /**
     * Sleep until a stage has started; if our parent dies before, kill all tasks: parent, stage, how many slots from that
     * stage on that follows, how many before it, that stage.
     */
    public static final int GUARD = 9;

    /** Set a word, and stand still until another one is set or a time is come: word, other word, time. */
    public static final int HOLD = 10;

    /** Sleep until another task has passed its baton: slot. */
    public static final int AFTER = 11;

    private Op() {}
}
