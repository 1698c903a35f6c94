package io.baton.mktree.launch;

import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PidFd;
import io.baton.task.linux.Poll;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Spawner;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.VanishedException;
import io.baton.task.linux.Wait;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process that does nothing but hold descriptors open, until a tree's root is dead or it is ended. What it holds can be
 * fetched from it. Its arguments say which dump made it and for which tree.
 */
public final class Keeper implements AutoCloseable {
    /** Its descriptor for what it was given first; the others follow. */
    public static final int FIRST_FD = 4;

    private static final int ROOT_FD = 3;
    private static final int STANDARD_FDS = 3;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final String NAME = "baton-keeper";
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(5);

    private final PidFd handle;
    private final long start;

    private Keeper(final PidFd handle, final long start) {
        this.handle = handle;
        this.start = start;
    }

    /**
     * Starts one, in a session of its own.
     *
     * @param root it ends when this process does
     * @param tree a name of the tree that no other tree ever has
     * @param run which dump it is made for
     * @param held descriptors of ours; they stay open here too
     */
    public static Keeper start(final PidFd root, final String tree, final String run, final List<Fd> held) {
        final List<Fd> opened = new ArrayList<>();
        try (Executable executable = Executable.of(NAME, NativeFiles.keeper());
                Fd nothing = Files.open("/dev/null", Files.O_RDWR | Files.O_CLOEXEC)) {
            final int last = FIRST_FD + held.size();
            final Spawner spawner = executable.spawner(last, tree, run).newSession();
            for (int fd = 0; fd < STANDARD_FDS; fd++) {
                spawner.dup(nothing.number(), fd);
            }
            final List<Fd> all = new ArrayList<>();
            all.add(root.fd());
            all.addAll(held);
            all.add(executable.fd());
            for (int i = 0; i < all.size(); i++) {
                // From numbers above all targets, so that setting up one does not close what another needs.
                final Fd copy = duplicate(all.get(i), last + 1);
                opened.add(copy);
                spawner.dup(copy.number(), ROOT_FD + i);
            }
            final int pid = spawner.closeFrom(last + 1).spawn();
            try (ProcFs proc = new ProcFs()) {
                return new Keeper(PidFd.open(pid), proc.stat(pid).startTime());
            }
        } finally {
            opened.forEach(Fd::close);
        }
    }

    /**
     * Finds one that was started earlier, by whomever.
     *
     * @return null if it is no more
     */
    public static @Nullable Keeper find(final int pid, final long start, final String tree, final String run) {
        final Keeper found = open(pid, NAME + '\0' + tree + '\0' + run + '\0');
        if (found != null && found.start != start) {
            found.close();
            return null;
        }
        return found;
    }

    /** Finds all that were started for a tree, usually none or one; looks at every process there is. */
    public static List<Keeper> findAll(final String tree) {
        final List<Keeper> found = new ArrayList<>();
        try (ProcFs proc = new ProcFs()) {
            for (final int pid : proc.processes()) {
                final Keeper keeper = open(pid, NAME + '\0' + tree + '\0');
                if (keeper != null) {
                    found.add(keeper);
                }
            }
        }
        return found;
    }

    private static @Nullable Keeper open(final int pid, final String arguments) {
        try (ProcFs proc = new ProcFs()) {
            if (!proc.readText(pid, "cmdline").startsWith(arguments)) {
                return null;
            }
            final PidFd handle = PidFd.open(pid);
            // Now that the handle is there, what is true of the pid is true of the process behind it.
            if (proc.readText(pid, "cmdline").startsWith(arguments)) {
                return new Keeper(handle, proc.stat(pid).startTime());
            }
            handle.close();
            return null;
        } catch (final VanishedException e) {
            return null;
        }
    }

    public int pid() {
        return handle.pid();
    }

    /** When it was started, in clock ticks since boot. */
    public long start() {
        return start;
    }

    /** A copy of one of the descriptors it holds. */
    public Fd fetch(final int fd) {
        return handle.fetch(fd);
    }

    /** Ends it: what it holds is closed, unless somebody else has it open. Returns when that is so. */
    public void end() {
        if (handle.signal(Signals.SIGKILL)) {
            try (Poll poll = new Poll(1)) {
                poll.add(handle.fd().number(), Poll.POLLIN);
                poll.await(PATIENCE);
            }
        }
        try {
            Wait.wait4(pid(), Wait.WALL | Wait.WNOHANG);
        } catch (final LinuxException e) {
            // Not our child: somebody else's to reap.
        }
    }

    private static Fd duplicate(final Fd fd, final int lowest) {
        return Fd.own((int) SystemCall.check(
                SystemCall.call(SyscallNumber.FCNTL, fd.number(), F_DUPFD_CLOEXEC, lowest), SyscallNumber.FCNTL));
    }

    /** Lets it be. */
    @Override
    public void close() {
        handle.close();
    }
}
