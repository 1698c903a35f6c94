package io.baton.mktree.plan;

/** One thing a task does while the tree is being made. */
public sealed interface Step {
    /**
     * Makes a process.
     *
     * @param slot of the new process
     * @param sibling its parent is the maker's parent (CLONE_PARENT) and not the maker
     */
    record Fork(int slot, boolean sibling) implements Step {}

    /** Starts a thread of this process. */
    record StartThread(int slot) implements Step {}

    /** Becomes leader of a new session, and of a group in it. */
    record StartSession() implements Step {}

    /** Becomes leader of a new process group in its session. */
    record LeadGroup() implements Step {}

    /**
     * Moves to a process group of its session.
     *
     * @param pgid the group, or {@link #OUTER}
     */
    record JoinGroup(int pgid) implements Step {
        /** The group of whoever restores. */
        public static final int OUTER = 0;
    }

    /** Begins or ceases to be the one to whom orphaned descendants come. */
    record BecomeSubreaper(boolean on) implements Step {}

    /** Is killed when its parent dies. */
    record DieWithParent() implements Step {}

    /** Makes or enters the saved namespaces; only the root does, and only when the plan says so. */
    record PrepareNamespaces() implements Step {}

    /** Leaves our user namespace; only the holder does. */
    record LeaveUserNamespace() implements Step {}

    /** Makes the namespaces that the root is going to join; only the holder does. */
    record HoldNamespaces() implements Step {}

    /** Is counted in for a stage. */
    record Confirm(RestoreStage stage) implements Step {}

    /** Sleeps until a stage has been started. */
    record Await(RestoreStage stage) implements Step {}

    /**
     * Sets a flag of a placeholder and wakes whoever awaits it. Used only where orphans must be released one by one, and
     * where the root waits for namespaces.
     *
     * @param slot of the placeholder or the root
     */
    record RaiseFlag(int slot, Flag flag) implements Step {}

    /** Sleeps until a flag of a placeholder, or of the root, is set. */
    record AwaitFlag(int slot, Flag flag) implements Step {}

    /**
     * Waits for a ghost's or placeholder's end.
     *
     * @param pid of the child
     * @param signalled its end also sent a SIGCHLD, which is taken back
     */
    record Reap(int pid, boolean signalled) implements Step {}

    /** Waits for the end of the holder, whose pid nobody has chosen. */
    record ReapHolder(int slot) implements Step {}

    /** Exits: a ghost or placeholder has done its duty. */
    record Leave() implements Step {}

    /** Lets go of whoever restores: no descriptor of theirs is left open, their death is no longer its own. */
    record Settle() implements Step {}

    /** Is not killed any more when the coordinator dies, and becomes the reaper of all that the tree loses. */
    record Outlive() implements Step {}

    /** Waits for {@link RestoreStage#COMPLETE}; should the coordinator die before, the whole tree is killed. */
    record Guard() implements Step {}

    /** Stays as init of a pid namespace, reaps all that is orphaned, and ends as the root ended. */
    record ReapUntilRootEnds(int rootPid) implements Step {}

    /** Waits for the baton, restores itself, passes it on. */
    record Turn() implements Step {}

    /** What is said about a placeholder, or the root. */
    enum Flag {
        /** It may leave: its orphans' new parent is ready. The root: there is something to join. */
        GO,
        /** It has been reaped, its orphans have moved. */
        GONE,
        /** Their new parent takes no further orphans. */
        SETTLED
    }
}
