package io.baton.coordinator.state.files;

import io.baton.mktree.image.proto.PidfdEntry;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Spawner;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.Wait;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Pidfds of processes that are dead and reaped. A child of ours is born to die for all those that had been of the same
 * process; the kernel tells that by their inode.
 */
final class DeadProcesses {
    private static final String ANY_PROGRAM = "/proc/self/exe";

    private final Map<Integer, List<PidfdEntry>> wanted = new HashMap<>();
    private final Map<Integer, Deque<Fd>> made = new HashMap<>();

    void expect(PidfdEntry entry) {
        wanted.computeIfAbsent(entry.getIno(), inode -> new ArrayList<>()).add(entry);
    }

    /** One that was expected; to be asked for in that order. */
    Fd open(PidfdEntry entry) {
        Deque<Fd> all = made.get(entry.getIno());
        if (all == null) {
            all = make(wanted.getOrDefault(entry.getIno(), List.of()));
            made.put(entry.getIno(), all);
        }
        return all.remove();
    }

    private static Deque<Fd> make(List<PidfdEntry> entries) {
        Deque<Fd> opened = new ArrayDeque<>();
        int child = new Spawner(ANY_PROGRAM, ANY_PROGRAM).closeFrom(0).spawn();
        try {
            for (PidfdEntry entry : entries) {
                long result = SystemCall.call(SyscallNumber.PIDFD_OPEN, child, PidDescriptor.openFlags(entry));
                opened.add(Fd.own((int) SystemCall.check(result, SyscallNumber.PIDFD_OPEN, "pid", child)));
            }
            return opened;
        } catch (RuntimeException e) {
            opened.forEach(Fd::close);
            throw e;
        } finally {
            Signals.kill(child, Signals.SIGKILL);
            Wait.wait4(child, 0);
        }
    }
}
