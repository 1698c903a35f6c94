package io.baton.coordinator.state;

/**
 * What the user allows a dump to do beyond the plain case; names as in CRIU.
 *
 * @param shellJob the tree may belong to a session and have a terminal from outside ({@code --shell-job})
 */
public record DumpOptions(boolean shellJob) {
    public static final DumpOptions DEFAULT = new DumpOptions(false);
}
