package io.baton.task.linux;

/**
 * What {@code wait4} said of a task.
 *
 * @param pid of the task, or 0 if nothing was to be told ({@code WNOHANG}).
 * @param raw the 16-bit wait status, with a ptrace event above it.
 */
public record WaitStatus(int pid, int raw) {
    /** Status byte of a task that a signal stopped. */
    private static final int STOPPED = 0x7f;

    private static final int CONTINUED = 0xffff;
    private static final int CORE_DUMPED = 0x80;
    private static final int SYSCALL_GOOD = 0x80;

    /** Whether there was nothing to tell. */
    public boolean isNone() {
        return pid == 0;
    }

    public boolean isExited() {
        return !isNone() && (raw & 0x7f) == 0;
    }

    public boolean isSignaled() {
        final int low = raw & 0x7f;
        return low != 0 && low != STOPPED && raw != CONTINUED;
    }

    public boolean isStopped() {
        return (raw & 0xff) == STOPPED;
    }

    public boolean isContinued() {
        return raw == CONTINUED;
    }

    /** Whether the task is gone for good. */
    public boolean isDead() {
        return isExited() || isSignaled();
    }

    /** Exit code, 0 to 255, if exited. */
    public int exitCode() {
        return (raw >> 8) & 0xff;
    }

    /** The signal that killed it, if signaled. */
    public int termSignal() {
        return raw & 0x7f;
    }

    public boolean isCoreDumped() {
        return isSignaled() && (raw & CORE_DUMPED) != 0;
    }

    /** The signal that stopped it, without the mark {@code PTRACE_O_TRACESYSGOOD} adds. */
    public int stopSignal() {
        return (raw >> 8) & 0x7f;
    }

    /** Whether it stopped at the entry or exit of a system call, under {@code PTRACE_O_TRACESYSGOOD}. */
    public boolean isSyscallStop() {
        return isStopped() && ((raw >> 8) & SYSCALL_GOOD) != 0;
    }

    /** The {@code PTRACE_EVENT_...} it stopped at, or 0. */
    public int event() {
        return isStopped() ? raw >>> 16 : 0;
    }

    @Override
    public String toString() {
        if (isNone()) {
            return "nothing";
        } else if (isExited()) {
            return "pid " + pid + " exited with code " + exitCode();
        } else if (isSignaled()) {
            return "pid " + pid + " killed by signal " + termSignal() + (isCoreDumped() ? ", core dumped" : "");
        } else if (isContinued()) {
            return "pid " + pid + " continued";
        }
        return "pid " + pid + " stopped by signal " + stopSignal() + (event() != 0 ? ", event " + event() : "");
    }
}
