package io.baton.coordinator.regress;

import java.util.List;

/**
 * What came of a check.
 *
 * @param check which
 * @param status how it ended
 * @param reason in one line; empty if it is well
 * @param details lines for whoever looks into it
 * @param nanos how long it took
 */
public record Outcome(Check check, Status status, String reason, List<String> details, long nanos) {
    /** How a check can end. */
    public enum Status {
        OK,
        /** It could not be made here. */
        SKIP,
        /** The kernel does otherwise. */
        FAIL,
        /** It did not end in time. */
        TIMEOUT
    }

    public boolean isBad() {
        return status == Status.FAIL || status == Status.TIMEOUT;
    }
}
