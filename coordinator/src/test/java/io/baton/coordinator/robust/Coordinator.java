package io.baton.coordinator.robust;

import io.baton.task.linux.Fd;
import io.baton.task.linux.Files;
import io.baton.task.linux.Signals;
import io.baton.task.linux.Spawner;
import io.baton.task.linux.Wait;
import io.baton.task.linux.WaitStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** {@code baton} in a JVM of its own, which can be killed. Our child, not ProcessBuilder's: nobody else waits for it. */
final class Coordinator {
    private static final long PAUSE_NANOS = 1_000_000;
    private static final long GLANCE_NANOS = 100_000;

    private final int pid;
    private final Path output;

    private Coordinator(final int pid, final Path output) {
        this.pid = pid;
        this.output = output;
    }

    /** Starts a command; what it prints goes to a file. */
    static Coordinator start(final Path output, final Object... arguments) {
        final String java =
                Path.of(System.getProperty("java.home"), "bin", "java").toString();
        final List<String> command = new ArrayList<>(List.of(
                java,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                "-Djna.boot.library.path=" + System.getProperty("jna.boot.library.path", ""),
                "-Djna.nounpack=true",
                "-cp",
                System.getProperty("java.class.path"),
                "io.baton.coordinator.cli.Main"));
        Arrays.stream(arguments).map(Object::toString).forEach(command::add);
        try (Fd nothing = Files.open("/dev/null", Files.O_RDWR);
                Fd out = Files.open(output.toString(), Files.O_WRONLY | Files.O_CREAT | Files.O_TRUNC)) {
            return new Coordinator(
                    new Spawner(java, command.toArray(new String[0]))
                            .inheritEnvironment()
                            .newSession()
                            .dup(nothing.number(), 0)
                            .dup(out.number(), 1)
                            .dup(out.number(), 2)
                            .closeFrom(3)
                            .spawn(),
                    output);
        }
    }

    int pid() {
        return pid;
    }

    /** Waits until it has begun, or has ended instead. */
    void awaitBegun(final BooleanSupplier begun) {
        while (!begun.getAsBoolean() && isRunning()) {
            LockSupport.parkNanos(GLANCE_NANOS);
        }
    }

    private boolean isRunning() {
        return Wait.waitId(Wait.P_PID, pid, Wait.WEXITED | Wait.WNOHANG | Wait.WNOWAIT)
                .isNone();
    }

    void signal(final int signal) {
        Signals.kill(pid, signal);
    }

    /** Waits for its end. */
    WaitStatus await(final long timeoutMillis) {
        final long until = System.currentTimeMillis() + timeoutMillis;
        while (true) {
            final WaitStatus status = Wait.wait4(pid, Wait.WNOHANG);
            if (!status.isNone()) {
                return status;
            }
            if (System.currentTimeMillis() > until) {
                signal(Signals.SIGKILL);
                Wait.wait4(pid, 0);
                throw new AssertionError("does not end: " + said());
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** What it has printed. */
    String said() {
        try {
            return java.nio.file.Files.readString(output, StandardCharsets.UTF_8);
        } catch (final IOException e) {
            return e.toString();
        }
    }
}
