package io.baton.coordinator.ptrace;

import java.util.List;

/** A process all of whose threads are stopped by us. All calls come from the one thread that seized it. */
public final class SeizedProcess {
    private final int pid;
    private final List<SeizedThread> threads;

    public SeizedProcess(final int pid, final List<SeizedThread> threads) {
        this.pid = pid;
        this.threads = threads;
    }

    public int pid() {
        return pid;
    }

    /** Living threads, the leader first when it lives. */
    public List<SeizedThread> threads() {
        return threads;
    }
}
