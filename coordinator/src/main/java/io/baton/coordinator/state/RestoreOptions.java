package io.baton.coordinator.state;

/**
 * What the user asks of a restore; names as in CRIU.
 *
 * @param shellJob the tree joins the session and terminal of whoever restores ({@code --shell-job})
 * @param leaveStopped tasks end stopped by SIGSTOP
 * @param verifyPages check the pages against the manifest too ({@code --verify})
 * @param pidNamespace the tree comes back in a new pid namespace ({@code --pidns})
 */
public record RestoreOptions(boolean shellJob, boolean leaveStopped, boolean verifyPages, boolean pidNamespace) {
    public static final RestoreOptions DEFAULT = new RestoreOptions(false, false, false, false);
}
