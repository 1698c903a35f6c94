package io.baton.mktree.launch;

import io.baton.task.linux.Fd;
import io.baton.task.linux.WaitStatus;
import java.util.List;

/**
 * The process that makes the helper, and so becomes the parent of the tree's root and the reaper of all that the tree
 * loses. Whatever the helper inherits it has from here: groups, session, limits, namespaces. Should it die, all that is
 * not restored yet dies too. That is the coordinator itself, but for one that works for others.
 */
public interface Parent {
    /**
     * A descriptor of ours that the child has under another number.
     *
     * @param ours open in the coordinator
     * @param theirs its number in the child
     */
    record Given(Fd ours, int theirs) {}

    /** Whether it has died before its time: then it is the helper that ends what it has made. */
    default boolean isGone() {
        return false;
    }

    /** The process's id. */
    int pid();

    /**
     * Starts a program with no signal blocked, none ignored, no environment, and close-on-exec descriptors closed. The
     * parent becomes a child subreaper.
     *
     * @param executable the program
     * @param name its only argument
     * @param descriptors in any order: none of ours has a number that is one of theirs
     * @param newPidNamespace whether it becomes the init of one
     * @return the child's pid
     */
    int spawn(Fd executable, String name, List<Given> descriptors, boolean newPidNamespace);

    /**
     * Looks whether a child has ended, and reaps it then.
     *
     * @return none as long as it has not
     * @throws io.baton.task.linux.LinuxException ECHILD if it is no child
     */
    WaitStatus reap(int child);
}
