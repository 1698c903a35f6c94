package io.baton.mktree.launch;

import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Identity;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.PidFd;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Spawner;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.Wait;
import java.util.ArrayList;
import java.util.List;

/**
 * The native guard of a freezer group, see {@code guard.c}: a process that waits for the death of the thread that started
 * it, and then puts the group back as it was.
 */
public final class GroupGuard implements AutoCloseable {
    private static final int FIRST_FD = 3;
    private static final int STANDARD_FDS = 3;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final String NAME = "baton-guard";

    private final PidFd handle;

    private GroupGuard(final PidFd handle) {
        this.handle = handle;
    }

    /**
     * Starts one, in a session of its own, so that no ctrl-c reaches it.
     *
     * @param text what it writes when the calling thread is dead
     * @param mark name of the attribute it then removes from the directory
     * @param state file it writes to, open for writing
     * @param directory of the group
     */
    public static GroupGuard start(final String text, final String mark, final Fd state, final Fd directory) {
        final List<Fd> copies = new ArrayList<>();
        try (PidFd caller = caller();
                Executable executable = Executable.of(NAME, NativeFiles.guard());
                Fd nothing = Files.open("/dev/null", Files.O_RDWR | Files.O_CLOEXEC)) {
            final List<Fd> held = List.of(caller.fd(), state, directory, executable.fd());
            final int last = FIRST_FD + held.size() - 1;
            final Spawner spawner = executable.spawner(last, text, mark).newSession();
            for (int fd = 0; fd < STANDARD_FDS; fd++) {
                spawner.dup(nothing.number(), fd);
            }
            for (int i = 0; i < held.size(); i++) {
                // From numbers above all targets, so that setting up one does not close what another needs.
                final Fd copy = duplicate(held.get(i), last + 1);
                copies.add(copy);
                spawner.dup(copy.number(), FIRST_FD + i);
            }
            return new GroupGuard(PidFd.open(spawner.closeFrom(last + 1).spawn()));
        } finally {
            copies.forEach(Fd::close);
        }
    }

    /** The tracer is a thread: what it holds runs as soon as that is dead, and of a large JVM the rest dies much later. */
    private static PidFd caller() {
        final int tid = (int) SystemCall.call(SyscallNumber.GETTID);
        try {
            return PidFd.openThread(tid);
        } catch (final LinuxException e) {
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
            return PidFd.open(Identity.pid()); // before Linux 6.9
        }
    }

    private static Fd duplicate(final Fd fd, final int lowest) {
        return Fd.own((int) SystemCall.check(
                SystemCall.call(SyscallNumber.FCNTL, fd.number(), F_DUPFD_CLOEXEC, lowest), SyscallNumber.FCNTL));
    }

    public int pid() {
        return handle.pid();
    }

    /** There is nothing to guard any more: ends it, before it has done anything. */
    @Override
    public void close() {
        handle.signal(Signals.SIGKILL);
        try {
            Wait.wait4(handle.pid(), Wait.WALL);
        } catch (final LinuxException e) {
            if (e.errno() != Errno.ECHILD) { // somebody reaps all of our children
                throw e;
            }
        } finally {
            handle.close();
        }
    }
}
