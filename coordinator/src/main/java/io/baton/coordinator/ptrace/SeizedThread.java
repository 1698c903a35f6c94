package io.baton.coordinator.ptrace;

/** A thread stopped by us. */
public final class SeizedThread {
    private final int pid;
    private final int tid;

    public SeizedThread(final int pid, final int tid) {
        this.pid = pid;
        this.tid = tid;
    }

    /** Of its process. */
    public int pid() {
        return pid;
    }

    public int tid() {
        return tid;
    }
}
