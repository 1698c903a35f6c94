package io.baton.task.linux;

/** A child process of a test, killed and waited for at its end. */
record Child(int pid) implements AutoCloseable {
    /** Something that sleeps and does nothing else. */
    static Child sleeping() {
        final Child child = new Child(new Spawner("/bin/sleep", "sleep", "100").spawn());
        child.awaitSleep();
        return child;
    }

    static Child shell(final String script) {
        return new Child(new Spawner("/bin/sh", "sh", "-c", script)
                .variable("PATH", "/bin:/usr/bin")
                .spawn());
    }

    /** Until exec and the program's own start are over, and it sleeps. */
    void awaitSleep() {
        try (ProcFs proc = new ProcFs()) {
            while (!proc.readText(pid, "syscall").startsWith("230 ")) {
                Thread.onSpinWait();
            }
        }
    }

    @Override
    public void close() {
        Signals.kill(pid, Signals.SIGKILL);
        WaitStatus status;
        do {
            status = Wait.wait4(pid, Wait.WALL);
        } while (!status.isDead());
    }
}
