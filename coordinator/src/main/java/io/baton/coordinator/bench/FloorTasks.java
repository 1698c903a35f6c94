package io.baton.coordinator.bench;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Errno;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Futex;
import io.baton.task.linux.Mapping;
import io.baton.task.linux.MemFd;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Spawner;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.Wait;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Bare tasks that do one thing once: come into being, or hand a baton from the first to the last. They die with the thread
 * that makes them, if not before.
 */
public final class FloorTasks implements AutoCloseable {
    /** What they do; numbers as in native/bench/floor.h. */
    public enum Kind {
        /** They come into being, with chosen pids. */
        CREATE(0),
        /** They hand on by a futex word each. */
        FUTEX(1),
        /** By a pipe each. */
        PIPE(2),
        /** By an eventfd each. */
        EVENTFD(3),
        /** By a pair of Unix stream sockets each. */
        SOCKET(4),
        /** By a POSIX semaphore each, of the C library. */
        SEMAPHORE(5);

        private final int number;

        Kind(int number) {
            this.number = number;
        }
    }

    /** How they descend from one another. */
    public enum Form {
        /** Children of one. */
        STAR(0),
        /** Each the child of the one before. */
        CHAIN(1),
        /** Threads of one process. */
        THREADS(2);

        private final int number;

        Form(int number) {
            this.number = number;
        }
    }

    private static final int FLOOR_FD = 3;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);
    private static final long PAUSE = TimeUnit.MICROSECONDS.toNanos(200);
    private static final long TICK = TimeUnit.MILLISECONDS.toNanos(200);

    private final Kind kind;
    private final MemFd memory;
    private final Mapping mapping;
    private final UnsafeBuffer header;
    private final int pid;

    /**
     * Makes them, but for {@link Kind#CREATE}, and waits until all sleep.
     *
     * @param first pid of the first, the others follow; 0: any
     */
    public FloorTasks(BenchPrograms programs, Kind kind, Form form, int tasks, int first) {
        this.kind = kind;
        memory = MemFd.create("baton-floor", FloorDescriptor.length(tasks));
        mapping = memory.map();
        header = mapping.buffer(0, FloorDescriptor.LINES_OFFSET + FloorDescriptor.LINE_LENGTH);
        header.putInt(FloorDescriptor.KIND_OFFSET, kind.number);
        header.putInt(FloorDescriptor.SHAPE_OFFSET, form.number);
        header.putInt(FloorDescriptor.TASKS_OFFSET, tasks);
        header.putInt(FloorDescriptor.FIRST_OFFSET, first);
        pid = spawn(programs);
        try {
            await(FloorDescriptor.READY_OFFSET);
            refuseError();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private int spawn(BenchPrograms programs) {
        String program = (kind == Kind.SEMAPHORE ? programs.workload() : programs.floor()).toString();
        try (Fd nothing = Files.open("/dev/null", Files.O_RDWR | Files.O_CLOEXEC);
                Fd copy = Fd.own((int) SystemCall.check(
                        SystemCall.call(SyscallNumber.FCNTL, memory.fd().number(), F_DUPFD_CLOEXEC, FLOOR_FD + 1),
                        SyscallNumber.FCNTL))) {
            Spawner spawner = new Spawner(program, program, "-", "semaphore");
            for (int fd = 0; fd < FLOOR_FD; fd++) {
                spawner.dup(nothing.number(), fd);
            }
            return spawner.dup(copy.number(), FLOOR_FD)
                    .closeFrom(FLOOR_FD + 1)
                    .newSession()
                    .spawn();
        }
    }

    /** Lets them do it, once. */
    public void run() {
        int go = kind == Kind.CREATE ? FloorDescriptor.GO_OFFSET : FloorDescriptor.LINES_OFFSET;
        set(go);
        await(FloorDescriptor.DONE_OFFSET);
        refuseError();
    }

    private void set(int offset) {
        header.putIntVolatile(offset, 1);
        Futex.wake(mapping.address() + offset, 1);
    }

    private void await(int offset) {
        long until = System.nanoTime() + PATIENCE;
        while (header.getIntVolatile(offset) == 0) {
            long now = System.nanoTime();
            if (now - until > 0) {
                throw failure("they do not answer");
            }
            if (Futex.waitUntil(mapping.address() + offset, 0, Math.min(until, now + TICK))
                            == Futex.WaitResult.TIMED_OUT
                    && hasEnded()) {
                throw failure("they have ended");
            }
        }
    }

    private boolean hasEnded() {
        return !Wait.waitId(Wait.P_PID, pid, Wait.WEXITED | Wait.WNOHANG | Wait.WNOWAIT)
                .isNone();
    }

    private void refuseError() {
        int error = -header.getIntVolatile(FloorDescriptor.ERROR_OFFSET);
        if (error != 0) {
            throw failure(Errno.nameOf(error));
        }
    }

    private BatonException failure(String what) {
        return new BatonException(
                ErrorCode.TASK_FAILED,
                "the floor (" + kind + ") was not measured: " + what,
                "fewer tasks, or fewer processes beside us");
    }

    /** Ends them all. */
    @Override
    public void close() {
        set(FloorDescriptor.QUIT_OFFSET);
        set(FloorDescriptor.GO_OFFSET);
        for (long until = System.nanoTime() + PATIENCE; !hasEnded(); LockSupport.parkNanos(PAUSE)) {
            if (System.nanoTime() - until > 0) {
                Signals.kill(pid, Signals.SIGKILL); // and with it all its tasks
            }
        }
        Wait.wait4(pid, Wait.WALL);
        mapping.close();
        memory.close();
    }
}
