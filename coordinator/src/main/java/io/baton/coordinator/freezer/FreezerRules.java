package io.baton.coordinator.freezer;

import io.baton.coordinator.error.Refusals;
import io.baton.task.linux.Identity;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.ProcStat;
import io.baton.task.linux.VanishedException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;

/**
 * The rules of Linux-CR: every living task of the tree, the caller excepted, is in one group, and that is frozen. Zombies
 * are exempt. A tree that keeps them cannot change while it is looked at. We ourselves, should the caller have started us,
 * are not part of it.
 */
public final class FreezerRules {
    private final int self = Identity.pid();
    private final ProcFs proc;
    private final FreezerGroup group;
    private final int excepted;
    private final Refusals refusals = new Refusals();
    private final List<Integer> processes = new ArrayList<>();

    private FreezerRules(ProcFs proc, FreezerGroup group, int excepted) {
        this.proc = proc;
        this.group = group;
        this.excepted = excepted;
    }

    /**
     * Looks at every thread of a tree.
     *
     * @param root of the tree
     * @param group in which all are to be; it must be frozen
     * @param excepted a process that need not be, as it checkpoints the hierarchy it belongs to; 0: none. Its children are
     *     not excepted
     */
    public static FreezerRules check(int root, FreezerGroup group, int excepted) {
        try (ProcFs proc = new ProcFs()) {
            FreezerRules rules = new FreezerRules(proc, group, excepted);
            FreezerState state = group.state();
            if (state != FreezerState.FROZEN) {
                rules.refusals.add(root, "freezer group " + group, "is " + state, "freeze it first");
            }
            rules.walk(root);
            return rules;
        }
    }

    /** Every offender; none if the rules are kept. */
    public Refusals refusals() {
        return refusals;
    }

    /** Processes of the tree, zombies too, parents before their children. */
    public List<Integer> processes() {
        return Collections.unmodifiableList(processes);
    }

    private void walk(int root) {
        Deque<Integer> left = new ArrayDeque<>();
        left.add(root);
        while (!left.isEmpty()) {
            int pid = left.remove();
            processes.add(pid);
            try {
                for (int tid : proc.threads(pid)) {
                    look(pid, tid);
                    for (int child : proc.children(pid, tid)) {
                        if (child != self) {
                            left.add(child);
                        }
                    }
                }
            } catch (VanishedException e) {
                // Only somebody who is not frozen can go away, or a zombie.
            }
        }
    }

    private void look(int pid, int tid) {
        if (pid == excepted) {
            return;
        }
        try {
            ProcStat stat = proc.stat(pid, tid);
            String name = group.groupOf(proc, pid, tid);
            if (!stat.isZombie() && !name.equals(group.name())) {
                String what = pid == tid ? "process " + pid : "thread " + tid;
                refusals.add(
                        pid,
                        what + " (" + stat.comm() + ")",
                        "is in freezer group " + name + ", not in " + group.name(),
                        "move it there");
            }
        } catch (VanishedException e) {
            // As above.
        }
    }
}
