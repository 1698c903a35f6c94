package io.baton.coordinator.state;

import io.baton.coordinator.state.cgroups.GroupOptions;
import io.baton.coordinator.state.namespaces.JoinedNamespace;
import io.baton.coordinator.state.namespaces.Namespace;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the user asks of a restore; names as in CRIU.
 *
 * @param shellJob the tree joins the session and terminal of whoever restores ({@code --shell-job})
 * @param leaveStopped tasks end stopped by SIGSTOP
 * @param verifyPages check the pages against the manifest too ({@code --verify})
 * @param namespaces the tree comes back in new ones of these, besides those the image has ({@code --ns})
 * @param groups the control groups it comes back into
 * @param tcp what becomes of TCP connections
 * @param joins namespaces of others that the tree comes back in ({@code --join-ns})
 * @param externalUnix Unix sockets are connected to those outside again ({@code --ext-unix-sk})
 * @param inherited descriptors of whoever restores, by the name of what the tree gets instead ({@code --inherit-fd})
 */
public record RestoreOptions(
        boolean shellJob,
        boolean leaveStopped,
        boolean verifyPages,
        Set<Namespace> namespaces,
        GroupOptions groups,
        TcpOptions tcp,
        List<JoinedNamespace> joins,
        boolean externalUnix,
        Map<String, Integer> inherited) {
    public static final RestoreOptions DEFAULT = new RestoreOptions(false, false, false, false);

    /** In no namespace of others. */
    public RestoreOptions(
            boolean shellJob,
            boolean leaveStopped,
            boolean verifyPages,
            Set<Namespace> namespaces,
            GroupOptions groups,
            TcpOptions tcp) {
        this(shellJob, leaveStopped, verifyPages, namespaces, groups, tcp, List.of(), false, Map.of());
    }

    /** Into the control groups that were saved. */
    public RestoreOptions(boolean shellJob, boolean leaveStopped, boolean verifyPages, Set<Namespace> namespaces) {
        this(shellJob, leaveStopped, verifyPages, namespaces, GroupOptions.DEFAULT, TcpOptions.NONE);
    }

    /** With at most a new pid namespace ({@code --pidns}). */
    public RestoreOptions(boolean shellJob, boolean leaveStopped, boolean verifyPages, boolean pidNamespace) {
        this(shellJob, leaveStopped, verifyPages, pidNamespace ? EnumSet.of(Namespace.PID) : Set.of());
    }

    /** Whether the tree comes back in a new pid namespace. */
    public boolean pidNamespace() {
        return namespaces.contains(Namespace.PID);
    }

    /** The same in these namespaces. */
    public RestoreOptions with(Set<Namespace> others) {
        return new RestoreOptions(
                shellJob, leaveStopped, verifyPages, others, groups, tcp, joins, externalUnix, inherited);
    }

    /** The same in these namespaces of others. */
    public RestoreOptions with(List<JoinedNamespace> others) {
        return new RestoreOptions(
                shellJob,
                leaveStopped,
                verifyPages,
                namespaces,
                groups,
                tcp,
                List.copyOf(others),
                externalUnix,
                inherited);
    }

    /** The same into these control groups. */
    public RestoreOptions with(GroupOptions others) {
        return new RestoreOptions(
                shellJob, leaveStopped, verifyPages, namespaces, others, tcp, joins, externalUnix, inherited);
    }

    /** The same with that done about connections. */
    public RestoreOptions with(TcpOptions others) {
        return new RestoreOptions(
                shellJob, leaveStopped, verifyPages, namespaces, groups, others, joins, externalUnix, inherited);
    }

    /** The same, and Unix sockets are connected to those outside again. */
    public RestoreOptions withExternalUnix(boolean reconnected) {
        return new RestoreOptions(
                shellJob, leaveStopped, verifyPages, namespaces, groups, tcp, joins, reconnected, inherited);
    }

    /** The same with these descriptors given to the tree. */
    public RestoreOptions withInherited(Map<String, Integer> others) {
        return new RestoreOptions(
                shellJob, leaveStopped, verifyPages, namespaces, groups, tcp, joins, externalUnix, Map.copyOf(others));
    }
}
