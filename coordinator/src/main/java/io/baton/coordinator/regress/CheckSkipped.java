package io.baton.coordinator.regress;

/** A check that cannot be made here, and why. */
public final class CheckSkipped extends RuntimeException {
    private static final long serialVersionUID = 1;

    public CheckSkipped(String reason) {
        super(reason);
    }
}
