package io.baton.coordinator.dump;

import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.ptrace.SeizedProcess;
import io.baton.coordinator.ptrace.SeizedTree;
import io.baton.coordinator.state.DumpOptions;
import io.baton.mktree.tree.ProcessTree;
import io.baton.mktree.tree.Task;
import io.baton.mktree.tree.TreeException;
import io.baton.task.linux.VanishedException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.agrona.collections.IntHashSet;

/**
 * Whether the tree is closed: all its sessions and groups are its own, or their leaders are dead, so that they can be made
 * again without disturbing anybody.
 */
final class SessionInspection {
    private final SeizedTree tree;
    private final DumpOptions options;
    private final Refusals refusals;
    private final IntHashSet pids = new IntHashSet();
    /** Of leaders that are not in the tree; empty if dead. */
    private final Map<Integer, String> names = new HashMap<>();

    private final Set<Integer> refused = new HashSet<>();

    SessionInspection(SeizedTree tree, DumpOptions options, Refusals refusals) {
        this.tree = tree;
        this.options = options;
        this.refusals = refusals;
    }

    void run() {
        for (SeizedProcess process : tree.processes()) {
            pids.add(process.pid());
        }
        int outerSession = outer(tree.root().stat().session());
        int outerGroup = outer(tree.root().stat().processGroup());
        List<Task> tasks = new ArrayList<>(tree.processes().size());
        for (SeizedProcess process : tree.processes()) {
            int session = process.stat().session();
            int group = process.stat().processGroup();
            boolean job = options.shellJob() && session == outerSession;
            if (!job) {
                inspect(process, "session", session);
                inspect(process, "process group", group);
            }
            boolean outside = job && (group == outerGroup || group == outerSession || outer(group) == group);
            tasks.add(TreeRows.task(process, outside ? 0 : group, job ? 0 : session));
        }
        if (refused.isEmpty()) {
            inspectShape(tasks);
        }
    }

    /** The id if it is of a session or group from outside, else 0. */
    private int outer(int id) {
        return pids.contains(id) || !isAlive(id) ? 0 : id;
    }

    private void inspect(SeizedProcess process, String what, int id) {
        if (!pids.contains(id) && isAlive(id) && refused.add(id)) {
            String leader = id == 0 ? "of another pid namespace" : id + " (" + comm(id) + ")";
            refusals.add(
                    process.pid(),
                    what + " " + id,
                    "its leader is outside of the tree: " + leader,
                    "dump that one's tree, or use --shell-job");
        }
    }

    /** 0 is how a namespace shows what is outside of it. */
    private boolean isAlive(int id) {
        return id == 0 || !comm(id).isEmpty();
    }

    private String comm(int pid) {
        return names.computeIfAbsent(pid, unused -> {
            try {
                return tree.proc().stat(pid).comm();
            } catch (VanishedException e) {
                return "";
            }
        });
    }

    private void inspectShape(List<Task> tasks) {
        try {
            ProcessTree.of(tasks);
        } catch (TreeException e) {
            refusals.add(tree.root().pid(), "process tree", "cannot be made again: " + e.getMessage(), "");
        }
    }
}
