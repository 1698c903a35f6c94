package io.baton.coordinator.dump;

import io.baton.coordinator.freezer.FreezerGroup;
import io.baton.coordinator.freezer.FreezerRules;
import io.baton.coordinator.freezer.FrozenParts;
import io.baton.coordinator.freezer.GroupHold;
import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.ptrace.Caller;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.ptrace.Standstill;
import io.baton.task.linux.Identity;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.VanishedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The freezer group of a tree, for the time it is looked at: the one that the user names, or the one that the tree is
 * frozen in already. A group that is not frozen is never frozen unasked, for others may be in it.
 */
final class TreeFreezer implements Standstill, AutoCloseable {
    private static final TreeFreezer NONE = new TreeFreezer(null);

    private final @Nullable GroupHold hold;
    private List<Integer> bystanders = List.of();

    private TreeFreezer(@Nullable GroupHold hold) {
        this.hold = hold;
    }

    /**
     * Freezes a tree, and sees to it that it is all in one group.
     *
     * @param named the group's directory; null: only if the root is frozen
     * @param caller who has asked for it and cannot be frozen; null: nobody
     * @throws io.baton.coordinator.error.BatonException FREEZER, TIMEOUT; UNSUPPORTED with every task that is not in the
     *     group. The group is as it was
     */
    static TreeFreezer freeze(
            String operation,
            int root,
            @Nullable Path named,
            @Nullable Caller caller,
            Deadline deadline,
            OperationListener listener) {
        int excepted = caller == null ? 0 : processOf(caller.tid());
        FreezerGroup group = named == null ? find(root, excepted) : FreezerGroup.open(named);
        if (group == null) {
            return NONE;
        }
        // Written down before anything changes.
        listener.freezer(group.path(), group.isAsked(), false, System.nanoTime());
        long started = System.nanoTime();
        GroupHold hold = GroupHold.of(group);
        try {
            hold.freeze(() -> deadline.check("group " + group + " to freeze"));
            FreezerRules rules = FreezerRules.check(root, group, excepted);
            rules.refusals().throwIfAny(operation);
            TreeFreezer freezer = new TreeFreezer(hold);
            if (hold.wasFrozen()) {
                List<Integer> others = new ArrayList<>(group.processes());
                others.removeAll(rules.processes());
                freezer.bystanders = others;
            }
            LoggerFactory.getLogger(TreeFreezer.class)
                    .info("group {} is frozen after {} us", group, (System.nanoTime() - started) / 1000);
            return freezer;
        } catch (RuntimeException | Error e) {
            hold.close();
            throw e;
        }
    }

    /** Whether a process stands still in a freezer group, or will soon. */
    static boolean isFrozen(int root) {
        return find(root, 0) != null;
    }

    /** The root's, or, as who calls us cannot be frozen, that of its first child. */
    private static @Nullable FreezerGroup find(int root, int excepted) {
        try (ProcFs proc = new ProcFs()) {
            if (root != excepted) {
                return FreezerGroup.frozenOf(proc, root);
            }
            int self = Identity.pid();
            for (int tid : proc.threads(root)) {
                for (int child : proc.children(root, tid)) {
                    if (child != self) {
                        return FreezerGroup.frozenOf(proc, child);
                    }
                }
            }
            return null;
        } catch (VanishedException e) {
            return null; // whoever seizes it will say so
        }
    }

    private static int processOf(int tid) {
        try (ProcFs proc = new ProcFs()) {
            return proc.status(tid).tgid();
        }
    }

    /** The same deadline, which also ends the operation when others change the group. */
    Deadline watched(Deadline deadline) {
        return hold == null ? deadline : deadline.watching(hold::check);
    }

    /** Whether the tree is in a group that was frozen for it, or by it. */
    boolean hasGroup() {
        return hold != null;
    }

    /** As {@link #watched}, while a tree is seized: it also ends when a part of the tree stands frozen, and the rest not. */
    Deadline seizing(int root, Deadline deadline) {
        return hold == null ? deadline.watching(new FrozenParts(root)::check) : watched(deadline);
    }

    /** Looks whether others have changed the group. */
    void check() {
        if (hold != null) {
            hold.check();
        }
    }

    @Override
    public boolean isOn() {
        return hold != null && hold.isFrozen();
    }

    @Override
    public List<Integer> bystanders() {
        return bystanders;
    }

    @Override
    public void lift() {
        if (hold != null) {
            hold.thaw();
        }
    }

    @Override
    public void insist() {
        if (hold != null) {
            hold.insist();
        }
    }

    @Override
    public void putBack() {
        if (hold != null) {
            hold.putBack();
        }
    }

    @Override
    public void close() {
        if (hold != null) {
            hold.close();
        }
    }
}
