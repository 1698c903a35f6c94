package io.baton.coordinator.ptrace;

import io.baton.task.linux.Memory;
import io.baton.task.linux.SignalInfo;
import io.baton.task.linux.Signals;
import java.util.List;
import org.agrona.DirectBuffer;

/**
 * How a process that <em>we</em> leave stopped is told from one that was stopped before: it has a second SIGSTOP pending,
 * which carries a word of ours.
 *
 * <p>A SIGSTOP pending in a stopped process does nothing: whatever ends the stop, a SIGCONT, drops it with all other stop
 * signals. So the mark is exactly as old as the stop, needs no file, survives us and our machine's pids being used again,
 * and is gone once anybody has continued the process.
 */
public final class StopMark {
    /** The value that goes with the signal: "BATONSTP". */
    private static final long WORD = 0x5054_534e_4f54_4142L;

    private static final int SI_QUEUE = -1;

    private StopMark() {}

    /**
     * Stops a process whose threads are all traced and stand still: once they are let go they are in a group stop, with the
     * mark pending. One of the two signals makes the stop, whichever a thread finds first, and the other stays.
     *
     * @param tid of a living thread of it
     */
    public static void stop(int pid, int tid) {
        try (Memory info = Memory.allocate(SignalInfo.LENGTH)) {
            info.buffer().putInt(SignalInfo.SIGNAL, Signals.SIGSTOP);
            info.buffer().putInt(SignalInfo.CODE, SI_QUEUE);
            info.buffer().putLong(SignalInfo.VALUE, WORD);
            Signals.queue(pid, Signals.SIGSTOP, info.address());
            // Of a kind that is pending already the kernel takes no second one; but a thread's own are counted apart.
            Signals.queueThread(pid, tid, Signals.SIGSTOP, info.address());
        }
    }

    /** Whether a pending signal, a {@code siginfo_t}, is the mark. */
    public static boolean isMark(DirectBuffer info) {
        return info.getInt(SignalInfo.SIGNAL) == Signals.SIGSTOP
                && info.getInt(SignalInfo.CODE) == SI_QUEUE
                && info.getLong(SignalInfo.VALUE) == WORD;
    }

    /** Whether a process is stopped, or will be as soon as it runs again: it may not have come to it yet. */
    static boolean isStopped(SeizedProcess process) {
        if (process.isZombie() || process.stopSignal() != 0) {
            return !process.isZombie();
        }
        long pending = process.status().signals().sharedPending();
        for (SeizedThread thread : process.threads()) {
            pending |= thread.status().signals().pending();
        }
        return (pending & Signals.bit(Signals.SIGSTOP)) != 0;
    }

    /** Whether a process is stopped likewise and carries the mark. */
    static boolean isOn(SeizedProcess process) {
        if (!isStopped(process)) {
            return false;
        }
        for (SeizedThread thread : process.threads()) {
            if (isPending(thread.status().signals().pending(), thread.pendingSignals())) {
                return true;
            }
        }
        return isPending(process.status().signals().sharedPending(), process.pendingSignals());
    }

    /** A signal without its information is ours too: the queue was full, where a kill(2) has a place kept for it. */
    private static boolean isPending(long pending, List<DirectBuffer> queued) {
        if ((pending & Signals.bit(Signals.SIGSTOP)) == 0) {
            return false;
        }
        boolean informed = false;
        for (DirectBuffer info : queued) {
            if (isMark(info)) {
                return true;
            }
            informed |= info.getInt(SignalInfo.SIGNAL) == Signals.SIGSTOP;
        }
        return !informed;
    }
}
