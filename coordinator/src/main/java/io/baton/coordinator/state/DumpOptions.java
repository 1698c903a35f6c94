package io.baton.coordinator.state;

import io.baton.coordinator.state.cgroups.ManageGroups;

/**
 * What the user allows a dump to do beyond the plain case; names as in CRIU.
 *
 * @param shellJob the tree may belong to a session and have a terminal from outside ({@code --shell-job})
 * @param groups what is done about control groups; only {@link ManageGroups#IGNORE} differs from the rest
 * @param tcp what is done about TCP connections
 * @param files what is done about files that are more than a name
 * @param plain the image is one that CRIU can read, at whatever size: {@code --plain}
 */
public record DumpOptions(boolean shellJob, ManageGroups groups, TcpOptions tcp, FileOptions files, boolean plain) {
    public static final DumpOptions DEFAULT = new DumpOptions(false);

    /** With control groups saved. */
    public DumpOptions(boolean shellJob) {
        this(shellJob, ManageGroups.SOFT, TcpOptions.NONE, FileOptions.DEFAULT, false);
    }

    /** The same, and CRIU can read it. */
    public DumpOptions asPlain() {
        return new DumpOptions(shellJob, groups, tcp, files, true);
    }

    /** The same with that done about connections. */
    public DumpOptions with(TcpOptions others) {
        return new DumpOptions(shellJob, groups, others, files, plain);
    }

    /** The same with that done about files. */
    public DumpOptions with(FileOptions others) {
        return new DumpOptions(shellJob, groups, tcp, others, plain);
    }
}
