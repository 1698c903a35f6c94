package io.baton.coordinator.state;

import io.baton.coordinator.state.cgroups.ManageGroups;

/**
 * What the user allows a dump to do beyond the plain case; names as in CRIU.
 *
 * @param shellJob the tree may belong to a session and have a terminal from outside ({@code --shell-job})
 * @param groups what is done about control groups; only {@link ManageGroups#IGNORE} differs from the rest
 * @param tcp what is done about TCP connections
 */
public record DumpOptions(boolean shellJob, ManageGroups groups, TcpOptions tcp) {
    public static final DumpOptions DEFAULT = new DumpOptions(false);

    /** With control groups saved. */
    public DumpOptions(boolean shellJob) {
        this(shellJob, ManageGroups.SOFT, TcpOptions.NONE);
    }

    /** The same with that done about connections. */
    public DumpOptions with(TcpOptions others) {
        return new DumpOptions(shellJob, groups, others);
    }
}
