package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedThread;
import io.baton.coordinator.state.Account;
import io.baton.coordinator.state.OwnState;
import io.baton.coordinator.state.TreeImage;
import io.baton.coordinator.state.TreeObjects;
import io.baton.mktree.image.ImageDirectory;
import io.baton.mktree.image.proto.TaskKobjIdsEntry;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.agrona.collections.Int2IntHashMap;
import org.jspecify.annotations.Nullable;

/** The namespaces of a tree on its way into the image: ours, or its root's own, which all the tree is in. */
public final class TreeNamespaces {
    /** As CRIU counts: 1 to 8 are ours, in the order of {@link #ORDER}; the tree's own come after. */
    private static final int FIRST_OWN_ID = 9;

    /** How a pid namespace shows what is outside of it. */
    private static final int OUTSIDE = 0;

    private static final List<Namespace> ORDER = List.of(
            Namespace.PID,
            Namespace.NET,
            Namespace.IPC,
            Namespace.UTS,
            Namespace.TIME,
            Namespace.MNT,
            Namespace.USER,
            Namespace.CGROUP);

    private static final String PID_FOR_CHILDREN = Namespace.PID.link() + "_for_children";
    private static final String TIME_FOR_CHILDREN = Namespace.TIME.link() + "_for_children";

    private final List<NamespaceKind> own = new ArrayList<>();
    private int task;
    private UserIds ids = UserIds.SAME;
    /** What those of the tree call themselves, by what we call them; empty if that is the same. */
    private final Int2IntHashMap pids = new Int2IntHashMap(OUTSIDE);

    /** Finds out which namespaces are the tree's own; before all else that is asked of them. */
    public void begin(SeizedProcess root) {
        task = root.procId();
        for (Namespace namespace : Namespace.values()) {
            NamespaceKind kind =
                    root.readLink(namespace.link()).equals(root.proc().readLink(Identity.pid(), namespace.link()))
                            ? null
                            : kind(namespace);
            if (kind != null) {
                own.add(kind);
            }
        }
    }

    /**
     * Adds every reason why the namespaces of a tree cannot be brought back.
     *
     * @param all processes of the tree, the root first
     */
    public void inspect(List<SeizedProcess> all, ProcFs proc, Refusals refusals) {
        List<SeizedProcess> living =
                all.stream().filter(process -> !process.isZombie()).toList();
        int self = Identity.pid();
        SeizedProcess root = living.get(0);
        String[] pids = new String[living.size()];
        String[] times = new String[living.size()];
        for (Namespace namespace : Namespace.values()) {
            String ours = proc.readLink(self, namespace.link());
            String roots = root.readLink(namespace.link());
            if (!ours.equals(roots) && !has(namespace)) {
                refusals.add(
                        root.pid(), name(namespace), "is not ours: not supported yet", "start us in that namespace");
            }
            for (int i = 0; i < living.size(); i++) {
                SeizedProcess process = living.get(i);
                String other = process.readLink(namespace.link());
                if (namespace == Namespace.PID) {
                    pids[i] = other;
                } else if (namespace == Namespace.TIME) {
                    times[i] = other;
                }
                if (namespace == Namespace.TIME && other.equals(ours)) {
                    process.hasOurClock();
                }
                if (!other.equals(roots)) {
                    refusals.add(
                            process.pid(),
                            name(namespace),
                            "is not that of the tree's root, pid " + root.pid() + ": not supported yet",
                            other.equals(ours) ? "" : "dump its tree by itself");
                }
            }
        }
        for (int i = 0; i < living.size(); i++) {
            inspectChildren(living.get(i), Namespace.PID, pids[i], refusals);
            inspectChildren(living.get(i), Namespace.TIME, times[i], refusals);
        }
        inspectOwners(root, refusals);
        if (has(Namespace.PID)) {
            all.forEach(this::learnPids);
            inspectPids(all, proc, refusals);
        }
        if (has(Namespace.USER)) {
            ids = UserNamespace.ids(task);
            living.forEach(process -> inspectUsers(process, refusals));
            if (isInner()) {
                SharedMaps.inspect(living, refusals);
            }
        }
        if (refusals.isEmpty()) { // a look inside needs rights that are a part of what was asked above
            own.forEach(kind -> kind.inspect(root.pid(), task, refusals));
        }
    }

    /** What there is to tell about namespaces: in general, and about each kind. */
    public static List<Account> accounts() {
        List<Account> accounts = new ArrayList<>();
        accounts.add(new Account(
                        "namespaces",
                        "links below /proc/PID/ns",
                        "the root makes those that are not ours, all others are born into them",
                        "TaskKobjIdsEntry")
                .refusing(
                        "is not ours: not supported yet",
                        "is not that of the tree's root, pid *: not supported yet",
                        "its children are to be in another one: not supported yet",
                        "belongs to another user namespace than the tree is in: not supported yet",
                        "of another pid namespace: not supported yet",
                        "cannot be made in a user namespace that has not the pid namespace too: not supported yet",
                        "has a user or group that is not mapped in its user namespace: an image has no word for it",
                        "is mapped more than once, by a tree born into a user namespace: not supported yet"));
        accounts.add(new PidNamespace().account());
        NamespaceKind.ALL.forEach(kind -> accounts.add(kind.account()));
        return accounts;
    }

    /** Lists the tree's own. */
    public void list(int root, TreeObjects objects) {
        own.forEach(kind -> objects.add("namespaces", root, name(kind.namespace())));
    }

    /** Whether the tree is all in a user namespace that has its pid namespace too, see {@link InnerNamespaces}. */
    public boolean isInner() {
        return has(Namespace.USER) && has(Namespace.PID);
    }

    /** Whether the tree has one of its own. */
    public boolean has(Namespace namespace) {
        return own.stream().anyMatch(kind -> kind.namespace() == namespace);
    }

    /** A task may be in one namespace and have its children born into another. */
    private static void inspectChildren(SeizedProcess process, Namespace namespace, String own, Refusals refusals) {
        if (!childrens(process, namespace).equals(own)) {
            String reason = "its children are to be in another one: not supported yet";
            refusals.add(process.pid(), name(namespace), reason, "");
        }
    }

    /** Where its children will be; empty if there is none. */
    private static String childrens(SeizedProcess process, Namespace namespace) {
        try {
            return process.readLink(namespace == Namespace.PID ? PID_FOR_CHILDREN : TIME_FOR_CHILDREN);
        } catch (LinuxException e) {
            return "";
        }
    }

    /** Groups and sessions too: their leaders may be gone. */
    private void learnPids(SeizedProcess process) {
        learn(process.status().namespaced().tgid());
        learn(process.status().namespaced().processGroup());
        learn(process.status().namespaced().session());
        process.threads().forEach(thread -> learn(thread.status().namespaced().pid()));
    }

    private void learn(List<Integer> ids) {
        int inside = ids.get(ids.size() - 1);
        if (inside != OUTSIDE) {
            pids.put(ids.get(0).intValue(), inside);
        }
    }

    private void inspectPids(List<SeizedProcess> all, ProcFs proc, Refusals refusals) {
        Set<Integer> tree = new HashSet<>();
        all.forEach(process -> tree.add(process.pid()));
        SeizedProcess root = all.get(0);
        PidNamespace.inspectOthers(root.pid(), root.readLink(Namespace.PID.link()), tree, proc, refusals);
        for (SeizedProcess process : all) {
            int session = process.stat().session();
            int group = process.stat().processGroup();
            if (pidInside(session) == OUTSIDE || pidInside(group) == OUTSIDE) {
                refusals.add(
                        process.pid(),
                        "session " + session + ", process group " + group,
                        "of another pid namespace: not supported yet",
                        "start it with setsid");
            }
        }
    }

    /** What a task, group or session of the tree is called in the tree; 0 if it has no name there. */
    public int pidInside(int outside) {
        return pids.isEmpty() ? outside : pids.get(outside);
    }

    /** Those of a tree. */
    public static TreeNamespaces of(TreeImage tree) {
        return tree.shared(TreeNamespaces.class, TreeNamespaces::new);
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
        if (!has(Namespace.PID) && (process.threads().size() > 1 || process.leaderDead())) {
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
    public UserIds ids() {
        return ids;
    }

    private static String name(Namespace namespace) {
        return namespace.text() + " namespace";
    }

    private static @Nullable NamespaceKind kind(Namespace namespace) {
        if (namespace == Namespace.PID) {
            return new PidNamespace();
        }
        return NamespaceKind.ALL.stream()
                .filter(kind -> kind.namespace() == namespace)
                .findFirst()
                .orElse(null);
    }

    /** The id of the tree's namespace of that kind. */
    public int id(Namespace namespace) {
        for (int i = 0; i < own.size(); i++) {
            if (own.get(i).namespace() == namespace) {
                return FIRST_OWN_ID + i;
            }
        }
        return ORDER.indexOf(namespace) + 1;
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
            own.get(i).capture(this, task, FIRST_OWN_ID + i, image);
        }
    }
}
