package io.baton.coordinator.ptrace;

import io.baton.task.linux.Errno;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Ptrace;
import io.baton.task.linux.WaitStatus;
import java.util.List;

/**
 * Leads threads that are on their way back from a dump that was killed to where they had been, from system call to system
 * call: the last one is the sigreturn, and after it they have not run an instruction of their own yet.
 */
final class Homecoming {
    private final Stops stops;

    Homecoming(Stops stops) {
        this.stops = stops;
    }

    /** All threads of these processes; until the deadline. */
    void lead(List<SeizedProcess> processes) {
        for (SeizedProcess process : processes) {
            for (SeizedThread thread : process.threads()) {
                lead(process, thread.tid());
            }
        }
    }

    private void lead(SeizedProcess process, int tid) {
        int signal = 0;
        while (WayBack.isOnItsWay(new SeizedThread(process, tid, 0))) {
            try {
                Ptrace.resumeToSyscall(tid, signal);
            } catch (LinuxException e) {
                if (e.errno() == Errno.ESRCH) {
                    return; // killed
                }
                throw e;
            }
            WaitStatus status = stops.await(process.pid(), tid);
            if (status.isNone() || status.isDead()) {
                return;
            }
            boolean delivering = status.event() == 0 && !status.isSyscallStop();
            signal = delivering ? status.stopSignal() : 0;
        }
    }
}
