package io.baton.mktree.plan;

/** A tree that no sequence of system calls can make, or none that the planner knows. */
public final class PlanException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public PlanException(final String message) {
        super(message);
    }
}
