package io.baton.coordinator.freezer;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.mktree.launch.GroupGuard;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.WriteWatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A freezer group for the time of an operation. Whatever happens, it is afterwards as it was before: {@link #close} puts it
 * back; a guard does, should we die; and for the case that both are killed the group bears a mark.
 *
 * <p>Others may change it too. That is noticed, reported by {@link #check}, and then it stays as they wanted it.
 */
public final class GroupHold implements AutoCloseable {
    /** How long a group may take to freeze: as long as CRIU gives it. */
    public static final long FREEZING_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final long FIRST_SLEEP = TimeUnit.MICROSECONDS.toNanos(20);
    private static final long LONGEST_SLEEP = TimeUnit.MILLISECONDS.toNanos(5);

    private final FreezerGroup group;
    private final Fd directory;
    private final boolean frozenBefore;
    private final WriteWatch watch;
    private final GroupGuard guard;
    /** What we asked for last. */
    private boolean asked;
    /** What others asked for; null while they have not. */
    private @Nullable Boolean foreign;

    private boolean closed;

    private GroupHold(FreezerGroup group, Fd directory, boolean frozenBefore, WriteWatch watch, GroupGuard guard) {
        this.group = group;
        this.directory = directory;
        this.frozenBefore = frozenBefore;
        this.asked = frozenBefore;
        this.watch = watch;
        this.guard = guard;
    }

    /**
     * Takes a group; it stays as it is.
     *
     * @throws BatonException FREEZER if another operation has it, if it is frozen by a group above, or if we are in it
     */
    public static GroupHold of(FreezerGroup group) {
        refuseOurs(group);
        Fd directory = GroupMark.open(group);
        boolean taken = false;
        try {
            boolean before = GroupMark.set(group, directory, group.isAsked());
            taken = true;
            WriteWatch watch = WriteWatch.of(group.stateFile().toString());
            try (Fd state = Files.open(group.stateFile().toString(), Files.O_WRONLY | Files.O_CLOEXEC)) {
                GroupGuard guard = GroupGuard.start(group.text(before), GroupMark.NAME, state, directory);
                GroupHold hold = new GroupHold(group, directory, before, watch, guard);
                hold.asked = group.isAsked();
                return hold;
            } catch (RuntimeException e) {
                watch.close();
                throw e;
            }
        } catch (RuntimeException e) {
            if (taken) {
                GroupMark.clear(directory);
            }
            directory.close();
            throw e;
        }
    }

    private static void refuseOurs(FreezerGroup group) {
        int self = Identity.pid();
        try (ProcFs proc = new ProcFs()) {
            if (group.covers(group.groupOf(proc, self, self))) {
                throw new BatonException(
                        ErrorCode.FREEZER,
                        "we, pid " + self + ", are in group " + group + " ourselves",
                        "start us from outside of it");
            }
        }
        if (group.isFrozenAbove()) {
            throw new BatonException(
                    ErrorCode.FREEZER,
                    "group " + group + " is frozen by a group above it",
                    "thaw that one, or freeze this one instead");
        }
    }

    public FreezerGroup group() {
        return group;
    }

    /** Whether it was frozen, and so will be. */
    public boolean wasFrozen() {
        return frozenBefore;
    }

    /** Whether it is frozen now, for all we have done. */
    public boolean isFrozen() {
        return asked;
    }

    /**
     * Freezes it and waits until all its tasks stand still.
     *
     * @param patience asked all the time; ends the wait by throwing
     * @throws BatonException TIMEOUT with the names of those that will not freeze; FREEZER if others changed it
     */
    public void freeze(Runnable patience) {
        ask(true);
        long end = System.nanoTime() + FREEZING_NANOS;
        long sleep = FIRST_SLEEP;
        while (group.state() != FreezerState.FROZEN) {
            check();
            try {
                patience.run();
            } catch (BatonException e) {
                throw e.code() == ErrorCode.TIMEOUT ? stuck(e) : e;
            }
            if (System.nanoTime() - end >= 0) {
                throw stuck(null);
            }
            LockSupport.parkNanos(sleep);
            sleep = Math.min(2 * sleep, LONGEST_SLEEP);
        }
    }

    private BatonException stuck(@Nullable BatonException cause) {
        String who = StuckTasks.describe(group, frozenBefore ? null : () -> ask(false));
        return new BatonException(
                ErrorCode.TIMEOUT,
                "group " + group + " does not become frozen because of " + who,
                "such a task waits for something that does not come, as from a dead disk; end it or its wait",
                cause);
    }

    /** Lets its tasks run, all but those that something else holds; at once. */
    public void thaw() {
        check();
        ask(false);
    }

    /** Asks without waiting; what stands still anyway is frozen at once. */
    public void ask(boolean frozen) {
        if (asked != frozen) {
            notice();
            if (foreign == null) {
                group.ask(frozen);
                watch.seen();
                asked = frozen;
            }
        }
    }

    /**
     * Looks whether others have changed the state of the group, or of one above it.
     *
     * @throws BatonException FREEZER if so
     */
    public void check() {
        notice();
        if (foreign != null) {
            insist(); // what is held otherwise must be able to run what was put into it, so that it can be taken out
            throw new BatonException(
                    ErrorCode.FREEZER,
                    "the state of group " + group + " was changed by others meanwhile: it is asked to be "
                            + (foreign ? "frozen" : "thawed"),
                    "leave it alone until the operation is over");
        }
        if (!asked && group.isFrozenAbove()) {
            throw new BatonException(
                    ErrorCode.FREEZER,
                    "group " + group + " was frozen by a group above it meanwhile",
                    "leave those alone until the operation is over");
        }
    }

    private void notice() {
        if (foreign == null) {
            boolean now = group.isAsked();
            if (watch.seen() || now != asked) {
                foreign = now;
            }
        }
    }

    /**
     * As {@link #ask}, even against the will of others, for as long as it takes to take out of the tasks what we have put
     * there; all of them are held by something else.
     */
    public void insist() {
        notice();
        if (group.isAsked()) {
            group.ask(false);
            watch.seen();
        }
        asked = false;
    }

    /** Puts it back as it was, or as others wanted it. */
    public void putBack() {
        boolean wanted = foreign == null ? frozenBefore : foreign;
        if (group.isAsked() != wanted) {
            group.ask(wanted);
            watch.seen();
        }
        asked = wanted;
    }

    /** Has done with it, and leaves it as it is. */
    public void keep() {
        closed = true;
        GroupMark.clear(directory);
        release();
    }

    private void release() {
        guard.close();
        watch.close();
        directory.close();
    }

    /** Puts it back and has done with it. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            notice();
            putBack();
            GroupMark.clear(directory); // before the guard is gone
        } finally {
            release();
        }
    }
}
