package io.baton.coordinator.state;

import io.baton.mktree.image.proto.CoreEntry;

/**
 * One thread of an image on its way back.
 *
 * @param process it belongs to
 * @param index in {@code pstree.threads}; 0 is the leader
 * @param tid its id
 * @param core its entry
 */
public record ThreadRestore(ProcessRestore process, int index, int tid, CoreEntry core) {
    public boolean isLeader() {
        return index == 0;
    }

    /** Whether it is the process's first living thread: the one whose kept program does what is done once. */
    public boolean isFirst() {
        return index == (process.pstree().getLeaderDead() ? 1 : 0);
    }
}
