package io.baton.coordinator.inspect;

import io.baton.mktree.tree.Task;
import io.baton.task.linux.Signals;
import io.baton.task.linux.WaitStatus;

/**
 * One process of an image, counted.
 *
 * @param task its row of the tree
 * @param stopped whether a signal had stopped it
 * @param descriptors how many it has open
 * @param mappings of its address space
 * @param pageBytes of memory that the image holds for it, those of a parent image included
 */
public record ProcessSummary(Task task, boolean stopped, int descriptors, int mappings, long pageBytes) {
    /** One word, and for those who have exited, how: {@code zombie (exit 3)}. */
    public String state() {
        if (task.zombie()) {
            return "zombie (" + end() + ")";
        }
        if (task.leaderDead()) {
            return "leader dead (" + end() + ")";
        }
        return stopped ? "stopped" : "alive";
    }

    private String end() {
        final WaitStatus status = task.waitStatus();
        return status.isExited() ? "exit " + status.exitCode() : Signals.nameOf(status.termSignal());
    }
}
