package io.baton.coordinator.bench;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Memory;
import io.baton.task.linux.PidFd;
import io.baton.task.linux.Poll;
import io.baton.task.linux.ProcFs;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Spawner;
import io.baton.task.linux.SyscallNumber;
import io.baton.task.linux.SystemCall;
import io.baton.task.linux.VanishedException;
import io.baton.task.linux.WaitStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * One command, run and timed.
 *
 * @param begun System.nanoTime() before it was started
 * @param ended System.nanoTime() after it had ended
 * @param cpuNanos user and system time of it and of its children that it waited for
 * @param mostBytes resident at most, as last seen
 */
record Invocation(long begun, long ended, long cpuNanos, long mostBytes) {
    private static final int WALL = 0x4000_0000;
    private static final int RUSAGE_LENGTH = 144;
    private static final long TICK = TimeUnit.MILLISECONDS.toNanos(20);
    private static final String MOST_RESIDENT = "VmHWM:";
    private static final int TAIL = 1500;
    private static final int SIGNAL_BASE = 128;

    /**
     * Runs it to its end, with a log for what it says.
     *
     * @param cancelled ends it by SIGTERM
     * @param seconds after which it is killed
     * @throws BatonException if it fails
     */
    static Invocation run(List<String> words, Path log, BooleanSupplier cancelled, long seconds) {
        String program = Words.executable(words.get(0));
        long begun = System.nanoTime();
        int pid = spawn(program, words, log);
        long until = begun + TimeUnit.SECONDS.toNanos(seconds);
        boolean told = false;
        boolean late = false;
        long most = 0;
        try (ProcFs proc = new ProcFs();
                PidFd handle = PidFd.open(pid);
                Poll poll = new Poll(1)) {
            poll.add(handle.fd().number(), Poll.POLLIN);
            while (poll.await(TICK) == 0) {
                most = Math.max(most, resident(proc, pid));
                if (!told && (cancelled.getAsBoolean() || System.nanoTime() - until > 0)) {
                    told = true;
                    late = !cancelled.getAsBoolean();
                    handle.signal(Signals.SIGTERM);
                }
            }
        }
        long ended = System.nanoTime();
        try (Memory usage = Memory.allocate(RUSAGE_LENGTH + Long.BYTES)) {
            SystemCall.check(
                    SystemCall.call(SyscallNumber.WAIT4, pid, usage.address() + RUSAGE_LENGTH, WALL, usage.address()),
                    SyscallNumber.WAIT4);
            WaitStatus status = new WaitStatus(pid, usage.buffer().getInt(RUSAGE_LENGTH));
            if (cancelled.getAsBoolean()) {
                throw Bench.interrupted();
            }
            if (late || !status.isExited() || status.exitCode() != 0) {
                throw failure(words, status, late, log);
            }
            return new Invocation(begun, ended, time(usage, 0) + time(usage, 2 * Long.BYTES), most);
        }
    }

    private static int spawn(String program, List<String> words, Path log) {
        try (Fd nothing = Files.open("/dev/null", Files.O_RDWR | Files.O_CLOEXEC);
                Fd output = Files.open(
                        log.toString(), Files.O_WRONLY | Files.O_CREAT | Files.O_TRUNC | Files.O_CLOEXEC, 0600)) {
            return new Spawner(program, words.toArray(new String[0]))
                    .inheritEnvironment()
                    .dup(nothing.number(), 0)
                    .dup(output.number(), 1)
                    .dup(output.number(), 2)
                    .closeFrom(3)
                    .spawn();
        }
    }

    /** Not that of rusage, which counts what our own JVM had when it was spawned. */
    private static long resident(ProcFs proc, int pid) {
        try {
            String status = proc.readText(pid, "status");
            int at = status.indexOf(MOST_RESIDENT);
            if (at < 0) {
                return 0; // it has ended
            }
            int end = status.indexOf(" kB", at);
            return 1024
                    * Long.parseLong(
                            status.substring(at + MOST_RESIDENT.length(), end).strip());
        } catch (VanishedException e) {
            return 0;
        }
    }

    private static long time(Memory usage, int offset) {
        return TimeUnit.SECONDS.toNanos(usage.buffer().getLong(offset))
                + TimeUnit.MICROSECONDS.toNanos(usage.buffer().getLong(offset + Long.BYTES));
    }

    private static BatonException failure(List<String> words, WaitStatus status, boolean late, Path log) {
        String end = late
                ? "took too long"
                : "ended with " + (status.isExited() ? status.exitCode() : SIGNAL_BASE + status.termSignal());
        return new BatonException(
                ErrorCode.BENCH_FAILED,
                String.join(" ", words) + ": " + end + tail(log),
                late ? "--timeout gives it more" : "run it by hand to see what is wrong");
    }

    private static String tail(Path log) {
        try {
            String text = java.nio.file.Files.readString(log, StandardCharsets.ISO_8859_1)
                    .strip();
            return text.isEmpty() ? "" : System.lineSeparator() + text.substring(Math.max(0, text.length() - TAIL));
        } catch (IOException e) {
            return "";
        }
    }
}
