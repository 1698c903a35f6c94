package io.baton.mktree.tree;

/** A tree that no Linux system could have produced, or a text that describes none. Names the row. */
public final class TreeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What is wrong with a row. New ones are added at the end. */
    public enum Fault {
        EMPTY("there is no row at all"),
        ID_NOT_POSITIVE("a pid or thread id is zero or negative, or a session or group id is negative"),
        DUPLICATE_PID("two processes have the same pid"),
        DUPLICATE_THREAD("a thread id belongs to another process too, or twice to this"),
        LEADER_NOT_FIRST("the list of threads does not begin with the leader"),
        ROOT_WITH_PARENT("the first row has a parent in the tree"),
        SECOND_ROOT("another row than the first has no parent"),
        PARENT_MISSING("the parent is no row of the tree"),
        PARENT_IS_THREAD("the parent is given by the id of a thread that is not the leader"),
        PARENT_AFTER_CHILD("the parent's row comes later"),
        CYCLE("the process is its own ancestor"),
        ZOMBIE_WITH_CHILD("the parent is a zombie: its children would have been given to a reaper"),
        ZOMBIE_WITH_THREADS("a zombie has more than one thread"),
        DEAD_LEADER_ALONE("the leader is said to be dead, but no other thread is left, or there is no exit status"),
        EXIT_STATUS("the exit status is none that a process can exit with"),
        OUTSIDE("the session or group is outside of the pid namespace (0), but the root's is not"),
        SESSION_LEADER_IN_OTHER_GROUP("a session leader is not in the group of its own pid, which it cannot have left"),
        SESSION_LEADER_IN_OTHER_SESSION(
                "the session's leader is in the tree, but in another session, which it cannot have gone to"),
        ID_IS_THREAD("a session or group id is that of a thread which is not a leader"),
        GROUP_IN_TWO_SESSIONS("the group is in another session too"),
        SESSION_OF_DESCENDANT("the session was made by a descendant, and sessions are not handed up"),
        SYNTAX("a text does not follow the grammar of TreeSpec or TreeShape");

        private final String text;

        Fault(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private final Fault fault;
    private final int row;

    TreeException(Fault fault, int row, String values) {
        super((fault == Fault.SYNTAX ? "line " : "row ") + row + ": " + fault + ": " + values);
        this.fault = fault;
        this.row = row;
    }

    /** What is wrong. */
    public Fault fault() {
        return fault;
    }

    /** Which row, counted from 0; of a text which line, counted from 1. */
    public int row() {
        return row;
    }
}
