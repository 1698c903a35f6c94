package io.baton.coordinator.ptrace;

import io.baton.task.linux.ProcStat;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.IntHashSet;
import org.jspecify.annotations.Nullable;

/** A process that is just being seized, and what is known of it so far. */
final class SeizingMember {
    final int pid;
    /** 0 for the root, negative for who is not of the tree. */
    int parent;
    /** Threads that were looked at, dead ones too. */
    final IntHashSet seen = new IntHashSet();

    final List<Traced> threads = new ArrayList<>();
    final List<SeizingMember> children = new ArrayList<>();
    /** Whether all threads it has are stopped, so that it will not have others. */
    boolean settled;
    /** What was read of it then; null if it may have changed since. */
    @Nullable
    ProcStat stat;
    /** Whether it has no children, and will have none. */
    boolean childless;

    SeizingMember(int pid, int parent) {
        this.pid = pid;
        this.parent = parent;
    }

    /** A thread of it that we trace. */
    static final class Traced {
        /** It has not been seen to stop yet. */
        static final int RUNNING = -2;

        final int pid;
        final int tid;
        /** See {@link Stops#awaitInterrupted}; or {@link #RUNNING}. */
        int stopSignal = RUNNING;
        /** It was about to get this one when it stopped; 0 for most. */
        int undelivered;

        Traced(int pid, int tid) {
            this.pid = pid;
            this.tid = tid;
        }
    }
}
