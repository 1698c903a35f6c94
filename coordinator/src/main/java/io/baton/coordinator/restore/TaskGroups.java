package io.baton.coordinator.restore;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.error.Refusals;
import io.baton.coordinator.freezer.FreezerGroup;
import io.baton.coordinator.freezer.FreezerState;
import io.baton.coordinator.freezer.GroupHold;
import io.baton.coordinator.progress.OperationListener;
import io.baton.coordinator.state.cgroups.GroupMaker;
import io.baton.coordinator.state.cgroups.GroupOptions;
import io.baton.coordinator.state.cgroups.SavedGroups;
import io.baton.mktree.image.proto.CoreEntry;
import io.baton.mktree.image.proto.PstreeEntry;
import io.baton.mktree.tree.TreeFromImage;
import io.baton.task.linux.ControlGroupMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Puts the tasks of a restore into their control groups. The helper goes first, into the set that most of them are in, and
 * so all are born there: a move is one write for each hierarchy, and made only for those that belong elsewhere, by us,
 * once all threads exist and before any of them has touched its memory.
 */
final class TaskGroups implements AutoCloseable {
    private static final long UNDO_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long PAUSE_NANOS = 200_000;
    private static final String PROCESSES = "cgroup.procs";
    private static final String THREADS_V1 = "tasks";
    private static final String THREADS_V2 = "cgroup.threads";

    private final SavedTree tree;
    private final Processes processes;
    private final GroupOptions options;
    private final SavedGroups groups;
    private final GroupMaker maker;
    private final OperationListener listener;
    private final int birthplace;
    private @Nullable GroupHold hold;
    private boolean settled;

    TaskGroups(final SavedTree tree, final Processes processes, final OperationListener listener) {
        this.tree = tree;
        this.processes = processes;
        this.options = tree.options().groups();
        this.listener = listener;
        this.groups = SavedTree.reading(
                tree.directory().path(),
                () -> new SavedGroups(tree.directory(), options, tree.dumperGroups(), firstSet()));
        this.maker = new GroupMaker(path -> listener.freezer(path, false, true, System.nanoTime()));
        this.birthplace = mostCommonSet();
    }

    private int firstSet() {
        return setOf(processes.process(0).cores().get(0));
    }

    private static int setOf(final CoreEntry core) {
        return core.hasThreadCore() && core.getThreadCore().hasCgSet()
                ? core.getThreadCore().getCgSet()
                : core.getTc().getCgSet();
    }

    private int mostCommonSet() {
        final Map<Integer, Integer> counts = new HashMap<>();
        int best = firstSet();
        for (int entry = 0; entry < tree.entries().size(); entry++) {
            final PstreeEntry pstree = tree.entries().get(entry);
            if (!TreeFromImage.isZombie(pstree)) {
                final int set = setOf(first(entry));
                if (counts.merge(set, 1, Integer::sum) > counts.getOrDefault(best, 0)) {
                    best = set;
                }
            }
        }
        return best;
    }

    /** Of the first living thread. */
    private CoreEntry first(final int entry) {
        return processes.process(entry).cores().get(tree.entries().get(entry).getLeaderDead() ? 1 : 0);
    }

    void validate(final Refusals refusals) {
        groups.validate(tree.entries().get(0).getPid(), refusals);
    }

    /** Makes groups that are not there, and takes the freezer group. */
    void make() {
        groups.make(maker);
        final Path freezer = options.freezer();
        if (freezer == null) {
            return;
        }
        final FreezerGroup group = FreezerGroup.open(freezer);
        if (group.state() != FreezerState.THAWED) {
            throw new BatonException(
                    ErrorCode.FREEZER,
                    "group " + group + " is frozen: who joins it could not be restored",
                    "thaw it; with --leave-frozen it is frozen in the end");
        }
        listener.freezer(group.path(), false, false, System.nanoTime());
        hold = GroupHold.of(group);
    }

    /** Whether the helper is moved. */
    boolean areAny() {
        return !groups.places(birthplace).isEmpty();
    }

    /** Moves the helper to where most tasks will be; it has not made any yet. */
    void join(final int helper) {
        groups.places(birthplace).forEach((mount, place) -> write(place, PROCESSES, helper));
    }

    /** Moves all tasks that were not born where they belong. */
    void settle(final Operation operation) {
        for (int entry = 0; entry < tree.entries().size(); entry++) {
            final PstreeEntry pstree = tree.entries().get(entry);
            if (TreeFromImage.isZombie(pstree)) {
                continue;
            }
            final int set = setOf(first(entry));
            if (set != birthplace) {
                move(birthplace, set, operation.ids().of(pstree.getPid()), false);
            }
            for (int i = pstree.getLeaderDead() ? 1 : 0; i < pstree.getThreadsCount(); i++) {
                final int own = setOf(processes.process(entry).cores().get(i));
                if (own != set) {
                    move(set, own, operation.ids().of(pstree.getThreads(i)), true);
                }
            }
        }
    }

    private void move(final int from, final int to, final int id, final boolean thread) {
        final Map<ControlGroupMount, Path> before = groups.places(from);
        final Map<ControlGroupMount, Path> after = groups.places(to);
        before.forEach((mount, place) -> {
            if (!after.containsKey(mount)) {
                write(groups.ownPlace(mount), file(mount, thread), id);
            }
        });
        after.forEach((mount, place) -> {
            if (!place.equals(before.get(mount))) {
                write(place, file(mount, thread), id);
            }
        });
    }

    private static String file(final ControlGroupMount mount, final boolean thread) {
        if (!thread) {
            return PROCESSES;
        }
        return mount.version() == 1 ? THREADS_V1 : THREADS_V2;
    }

    private static void write(final Path group, final String file, final int id) {
        try {
            Files.writeString(group.resolve(file), Integer.toString(id));
        } catch (final IOException e) {
            throw new BatonException(
                    ErrorCode.TASK_FAILED,
                    "pid " + id + " cannot join control group " + group + ": " + e.getMessage(),
                    "--manage-cgroups=ignore leaves it where restore is called from",
                    e);
        }
    }

    /** All stand at the gate: freezes them there, if they are to end so, but not the helper. */
    void beforeResume(final int helper) {
        final GroupHold held = hold;
        if (held == null) {
            return;
        }
        held.check();
        if (options.leaveFrozen()) {
            groups.places(birthplace).forEach((mount, place) -> write(groups.ownPlace(mount), PROCESSES, helper));
            held.ask(true);
        }
    }

    /** The tree is restored: all stays as it is now. */
    void settled() {
        settled = true;
        if (hold != null) {
            hold.keep();
        }
    }

    /** What has been frozen could not be killed, of version 1. */
    void undo() {
        try {
            if (hold != null) {
                hold.insist();
            }
        } catch (final BatonException e) {
            // The group is gone, and with it whoever was frozen in it.
        }
    }

    /** Removes what was made, unless the tree is in it. */
    @Override
    public void close() {
        if (hold != null) {
            hold.close();
        }
        final long end = System.nanoTime() + UNDO_NANOS;
        while (!settled && !maker.removeAll() && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(PAUSE_NANOS); // the last task has just died
        }
    }
}
