package io.baton.mktree.launch;

import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.PidFd;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.WaitStatus;
import io.baton.task.segment.Segment;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.IntHashSet;
import org.jspecify.annotations.Nullable;

/**
 * The running helper. It is a child of the thread that started it, if the parent is ourselves, and dies with that thread (PR_SET_PDEATHSIG counts
 * threads, not processes), so start it from one that lives as long as the operation.
 */
public final class Helper implements AutoCloseable {
    /** Where the helper finds a pidfd of its parent. */
    private static final int PARENT_FD = 0;

    private static final int SIGKILL = 9;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final String NAME = "baton-helper";

    private final int pid;
    private final PidFd pidFd;
    private final IntHashSet others;
    private final Parent parent;
    private @Nullable WaitStatus status;

    private Helper(final int pid, final IntHashSet others, final Parent parent) {
        this.pid = pid;
        this.others = others;
        this.parent = parent;
        this.pidFd = PidFd.open(pid);
    }

    /**
     * A descriptor that every task of the tree is to have while it restores.
     *
     * @param fd ours
     * @param number theirs: not that of a descriptor a task restores, and not {@link Segment#HELPER_FD}
     */
    public record Inherited(Fd fd, int number) {}

    /** Starts the helper on a segment whose programs are in place. */
    public static Helper start(final Segment segment, final List<Inherited> inherited) {
        return start(segment, inherited, false, OwnParent.SELF);
    }

    /**
     * Starts the helper on a segment whose programs are in place.
     *
     * @param asInit it becomes the first process of a new pid namespace
     * @param parent whose child it becomes
     */
    public static Helper start(
            final Segment segment, final List<Inherited> inherited, final boolean asInit, final Parent parent) {
        final IntHashSet others = new IntHashSet();
        Children.forEach(parent.pid(), others::add);
        int free = Segment.HELPER_FD + 1;
        for (final Inherited one : inherited) {
            free = Math.max(free, one.number() + 1);
        }
        final List<Parent.Given> given = new ArrayList<>();
        try (Executable executable = Executable.of(NAME, NativeFiles.helper());
                Fd program = duplicate(executable.fd(), free)) {
            // From numbers above all targets, so that setting up one does not close what another needs: nor the
            // program.
            given.add(new Parent.Given(duplicate(segment.fd(), free), Segment.HELPER_FD));
            try (PidFd ourselves = PidFd.open(parent.pid())) {
                given.add(new Parent.Given(duplicate(ourselves.fd(), free), PARENT_FD));
            }
            for (final Inherited one : inherited) {
                given.add(new Parent.Given(duplicate(one.fd(), free), one.number()));
            }
            return new Helper(parent.spawn(program, NAME, given, asInit), others, parent);
        } finally {
            given.forEach(one -> one.ours().close());
        }
    }

    private static Fd duplicate(final Fd fd, final int lowest) {
        return Fd.own((int) SystemCall.check(
                SystemCall.call(SyscallNumber.FCNTL, fd.number(), F_DUPFD_CLOEXEC, lowest), SyscallNumber.FCNTL));
    }

    public int pid() {
        return pid;
    }

    /** Whose child it is. */
    Parent parent() {
        return parent;
    }

    /** Whether a child of the parent has come by the helper: itself, or what it left behind. */
    boolean hasBrought(final int child) {
        return !others.contains(child);
    }

    /** How it ended, or null while it runs. Reaps it. */
    public @Nullable WaitStatus poll() {
        if (status == null) {
            final WaitStatus now = parent.reap(pid);
            if (!now.isNone()) {
                status = now;
            }
        }
        return status;
    }

    /** Kills it; the tasks it has made die by their parent-death signals, but see {@link TaskKiller}. */
    public void kill() {
        if (poll() == null) {
            pidFd.signal(SIGKILL);
        }
    }

    @Override
    public void close() {
        pidFd.close();
    }

    /** Why a helper ended before its time, from the exit codes of {@code native/mktree_main.c}. */
    public static String describe(final WaitStatus status) {
        if (!status.isExited()) {
            return status.toString();
        }
        return switch (status.exitCode()) {
            case 101 -> "it could not map the segment's header";
            case 102 -> "it is of another version than the coordinator; rebuild with ./baton --rebuild";
            case 103 -> "the segment's place in the hole is taken";
            case 104 -> "the runner's place in the hole is taken";
            case 105 -> "it could not make the runner executable: " + Errno.messageOf(Errno.EACCES);
            default -> status.toString();
        };
    }
}
