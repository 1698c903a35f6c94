package io.baton.coordinator.state;

/**
 * What the user asks of a restore; names as in CRIU.
 *
 * @param shellJob the tree joins the session and terminal of whoever restores ({@code --shell-job})
 * @param leaveStopped tasks end stopped by SIGSTOP
 */
public record RestoreOptions(boolean shellJob, boolean leaveStopped) {
    public static final RestoreOptions DEFAULT = new RestoreOptions(false, false);
}
