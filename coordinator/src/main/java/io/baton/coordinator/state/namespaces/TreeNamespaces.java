package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.coordinator.state.OwnState;
import io.baton.coordinator.state.TreeImage;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.proto.TaskKobjIdsEntry;
import io.baton.task.linux.ProcFs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The namespaces of a tree on its way into the image: ours, or its root's own, which all the tree is in. */
public final class TreeNamespaces {
    /** As CRIU counts: 1 to 8 are ours, in the order of {@link #ORDER}; the tree's own come after. */
    private static final int FIRST_OWN_ID = 9;

    private static final List<Namespace> ORDER = List.of(
            Namespace.PID,
            Namespace.NET,
            Namespace.IPC,
            Namespace.UTS,
            Namespace.TIME,
            Namespace.MNT,
            Namespace.USER,
            Namespace.CGROUP);

    private final List<NamespaceKind> own = new ArrayList<>();
    private int task;
    private UserIds ids = UserIds.SAME;

    /**
     * Adds every reason why the namespaces of a tree cannot be brought back.
     *
     * @param living processes of the tree, the root first
     */
    public void inspect(List<SeizedProcess> living, ProcFs proc, Refusals refusals) {
        int self = (int) ProcessHandle.current().pid();
        SeizedProcess root = living.get(0);
        task = root.procId();
        for (Namespace namespace : Namespace.values()) {
            String ours = proc.readLink(self, namespace.link());
            String roots = root.readLink(namespace.link());
            NamespaceKind kind = ours.equals(roots) ? null : kind(namespace);
            if (kind != null) {
                own.add(kind);
            } else if (!ours.equals(roots)) {
                refusals.add(
                        root.pid(), name(namespace), "is not ours: not supported yet", "start us in that namespace");
            }
            for (SeizedProcess process : living) {
                String other = process.readLink(namespace.link());
                if (!other.equals(roots)) {
                    refusals.add(
                            process.pid(),
                            name(namespace),
                            "is not that of the tree's root, pid " + root.pid() + ": not supported yet",
                            other.equals(ours) ? "" : "dump its tree by itself");
                }
            }
        }
        inspectOwners(root, refusals);
        if (own.stream().anyMatch(kind -> kind.namespace() == Namespace.USER)) {
            ids = UserNamespace.ids(task);
            living.forEach(process -> inspectUsers(process, refusals));
        }
        if (refusals.isEmpty()) { // a look inside needs rights that are a part of what was asked above
            own.forEach(kind -> kind.inspect(root.pid(), task, refusals));
        }
    }

    /** What belongs to another user namespace would come back with other rights. */
    private void inspectOwners(SeizedProcess root, Refusals refusals) {
        String users = root.readLink(Namespace.USER.link());
        for (NamespaceKind kind : own) {
            Namespace namespace = kind.namespace();
            if (namespace != Namespace.USER
                    && !NamespaceOwner.userNamespace(task, namespace).equals(users)) {
                String reason = "belongs to another user namespace than the tree is in: not supported yet";
                refusals.add(root.pid(), name(namespace), reason, "");
            }
        }
    }

    private void inspectUsers(SeizedProcess process, Refusals refusals) {
        if (process.threads().size() > 1 || process.leaderDead()) {
            refusals.add(
                    process.pid(),
                    "threads",
                    "cannot be made in a user namespace that has not the pid namespace too: not supported yet",
                    "");
        }
        for (SeizedThread thread : process.threads()) {
            if (!UserIds.isWhole(ids.inside(OwnState.credentials(thread.status(), 0)))) {
                refusals.add(
                        thread.tid(),
                        "credentials",
                        "has a user or group that is not mapped in its user namespace: an image has no word for it",
                        "");
            }
        }
    }

    /** Users and groups inside and outside. */
    public static UserIds ids(TreeImage tree) {
        return tree.shared(TreeNamespaces.class, TreeNamespaces::new).ids;
    }

    private static String name(Namespace namespace) {
        return namespace.text() + " namespace";
    }

    private static @Nullable NamespaceKind kind(Namespace namespace) {
        return NamespaceKind.ALL.stream()
                .filter(kind -> kind.namespace() == namespace)
                .findFirst()
                .orElse(null);
    }

    /** Fills in the ids that a task of the tree has; of ours, for whoever dumps. */
    public void identify(TaskKobjIdsEntry.Builder ids, boolean ours) {
        for (int i = 0; i < ORDER.size(); i++) {
            ORDER.get(i).setId(ids, i + 1);
        }
        for (int i = 0; i < own.size() && !ours; i++) {
            own.get(i).namespace().setId(ids, FIRST_OWN_ID + i);
        }
    }

    /** Writes what the tree's own namespaces are; it is still stopped. */
    public void write(ImageDirectory image) throws IOException {
        for (int i = 0; i < own.size(); i++) {
            own.get(i).capture(task, FIRST_OWN_ID + i, image);
        }
    }
}
