package io.baton.task.segment;

/** Type ids of the records in the two rings. */
public final class MessageType {
    /** Context ring: one program block. */
    public static final int CONTEXT = 1;

    /** Event ring: the task exists. */
    public static final int ARRIVED = 2;

    /** Event ring: the task is about to pass the baton. */
    public static final int DONE = 3;

    /** Event ring: the task met an error. */
    public static final int FAILED = 4;

    private MessageType() {}
}
