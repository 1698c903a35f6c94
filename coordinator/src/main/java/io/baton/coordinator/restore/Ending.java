package io.baton.coordinator.restore;

import io.baton.coordinator.ptrace.StopMark;
import io.baton.coordinator.state.signals.PendingSignals;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.task.linux.Signals;
import java.util.List;

/**
 * How a process is let go at the gate.
 *
 * @param signal that it is stopped by; 0: it runs
 * @param ours whether the stop is our doing, to be ended by {@code baton cont}, and not part of what was saved
 */
record Ending(int signal, boolean ours) {
    private static final int TASK_STOPPED = 3;

    static final Ending RUNNING = new Ending(0, false);

    /**
     * Of a saved process. One that was stopped stays so, and one that we had left stopped can still be told.
     *
     * @param cores of its threads, the leader's first
     * @param leaveStopped what the user asks for those that ran
     */
    static Ending of(final List<CoreEntry> cores, final boolean leaveStopped) {
        final CoreEntry leader = cores.get(0);
        if (PendingSignals.isLeftStopped(cores)) {
            return new Ending(Signals.SIGSTOP, true);
        } else if (leader.getTc().getTaskState() == TASK_STOPPED) {
            return new Ending(checked(leader.getTc().getStopSigno()), false);
        } else if (PendingSignals.isToBeStopped(leader)) {
            return new Ending(Signals.SIGSTOP, false);
        }
        return leaveStopped ? new Ending(Signals.SIGSTOP, true) : RUNNING;
    }

    private static int checked(final int saved) {
        return switch (saved) {
            case 0 -> Signals.SIGSTOP; // as CRIU leaves it
            case Signals.SIGSTOP, Signals.SIGTSTP, Signals.SIGTTIN, Signals.SIGTTOU -> saved;
            default -> throw SavedTree.badImage("core: a process stopped by what stops none: signal=" + saved);
        };
    }

    /** Queues what is to stop it while its threads are still held. */
    void prepare(final int pid, final int tid) {
        if (ours) {
            StopMark.stop(pid, tid);
        } else if (signal != 0) {
            final boolean effective = signal == Signals.SIGSTOP || !OrphanedGroups.has(pid);
            Signals.kill(pid, effective ? signal : Signals.SIGSTOP);
        }
    }
}
