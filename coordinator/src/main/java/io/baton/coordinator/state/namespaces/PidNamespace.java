package io.baton.coordinator.state.namespaces;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.state.Account;
import io.baton.mktree.image.ImageDirectory;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.ProcFs;
import io.baton.task.program.ProgramBuilder;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A pid namespace: who is in it, and by which ids, is the tree itself, as long as that is all there is in it and its root is
 * the namespace's init. The root is born into a new one.
 */
final class PidNamespace implements NamespaceKind {
    private static final int INIT = 1;
    private static final String NAME = "pid namespace";

    @Override
    public Namespace namespace() {
        return Namespace.PID;
    }

    @Override
    public Account account() {
        return new Account(
                        "pid namespace",
                        "NSpid and so on of /proc/PID/status",
                        "the root is born into a new one",
                        "PstreeEntry")
                .refusing(
                        "the tree's root is not its init",
                        "is not a child of ours: not supported yet",
                        "has no mount namespace with a /proc of its own: not supported yet",
                        "has pid * in it, which is not of the tree");
    }

    @Override
    public void inspect(int root, int task, Refusals refusals) {
        try (ProcFs proc = new ProcFs()) {
            List<Integer> ids = proc.status(root).namespaced().tgid();
            if (ids.get(ids.size() - 1) != INIT) {
                refusals.add(root, NAME, "the tree's root is not its init", "dump the tree of its init");
            } else if (ids.size() != 2) {
                refusals.add(root, NAME, "is not a child of ours: not supported yet", "start us in its parent");
            }
            inspectProc(root, task, proc, refusals);
        }
    }

    /** Restored tasks look into the /proc of their own namespace. */
    private static void inspectProc(int root, int task, ProcFs proc, Refusals refusals) {
        Set<String> ours = new HashSet<>();
        Mount.of("self").forEach(mount -> ours.add(mount.device()));
        boolean own = !proc.readLink(task, Namespace.MNT.link()).equals(VirtualFile.link("/proc/self/ns/mnt"))
                && Mount.of(Integer.toString(task)).stream()
                        .anyMatch(mount -> mount.isProc() && !ours.contains(mount.device()));
        if (!own) {
            refusals.add(
                    root,
                    NAME,
                    "has no mount namespace with a /proc of its own: not supported yet",
                    "start it with unshare --mount-proc");
        }
    }

    /**
     * Adds who is in the namespace besides the tree: it would die with the init and not come back.
     *
     * @param tree all processes of it
     */
    static void inspectOthers(int root, String namespace, Set<Integer> tree, ProcFs proc, Refusals refusals) {
        for (int pid : proc.processes()) {
            if (tree.contains(pid)) {
                continue;
            }
            try {
                if (proc.readLink(pid, Namespace.PID.link()).equals(namespace)) {
                    refusals.add(root, NAME, "has pid " + pid + " in it, which is not of the tree", "end that first");
                }
            } catch (LinuxException e) {
                // Gone, or a zombie of somebody else.
            }
        }
    }

    @Override
    public void capture(TreeNamespaces tree, int task, int id, ImageDirectory image) {}

    @Override
    public void validate(Saved saved, Refusals refusals) {}

    @Override
    public void compile(Saved saved, ProgramBuilder program) {}
}
