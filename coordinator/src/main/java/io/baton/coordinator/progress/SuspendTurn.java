package io.baton.coordinator.progress;

/**
 * A process's turn to suspend itself before a dump.
 *
 * @param reason what it, or we, have to say to it; empty if nothing
 * @param startNanos when it was told; when it would have been, if it was not
 * @param endNanos when its turn was over
 */
public record SuspendTurn(int pid, SuspendOutcome outcome, String reason, long startNanos, long endNanos) {
    /** Whether it was told of the suspend. */
    public boolean called() {
        return outcome != SuspendOutcome.NO_CALLBACK && outcome != SuspendOutcome.NOT_ASKED;
    }
}
