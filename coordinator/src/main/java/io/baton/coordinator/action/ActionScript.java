package io.baton.coordinator.action;

import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.task.linux.LinuxException;
import io.baton.task.linux.Wait;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A shell command run at every point, with CRIU's variables: {@code CRTOOLS_SCRIPT_ACTION}, {@code CRTOOLS_IMAGE_DIR} and,
 * once there is a root, {@code CRTOOLS_INIT_PID}. What it prints goes into the log.
 */
public final class ActionScript implements Action {
    private static final Logger LOG = LoggerFactory.getLogger(ActionScript.class);
    private static final int LINES_TOLD = 5;
    private static final long OUTPUT_MILLIS = 1000;
    private static final long PAUSE_NANOS = 1_000_000;
    private static final long GLANCE_MILLIS = 20;

    private final String command;

    /** A command as for {@code sh -c}. */
    public ActionScript(final String command) {
        this.command = command;
    }

    @Override
    public void at(final ActionPoint point, final ActionContext context) throws InterruptedException {
        final Output output = new Output(point + ": ");
        final Process process = start(point, context);
        final Thread reader = new Thread(() -> output.readAll(process.getInputStream()), "action-script");
        reader.setDaemon(true);
        reader.start();
        try {
            while (!process.waitFor(GLANCE_MILLIS, TimeUnit.MILLISECONDS)) {
                if (context.cancelled().getAsBoolean()) {
                    throw new BatonException(
                            ErrorCode.INTERRUPTED, "interrupted in action script " + this + " at " + point, "");
                }
                if (context.deadlineNanos() != 0 && System.nanoTime() - context.deadlineNanos() > 0) {
                    throw new BatonException(
                            ErrorCode.SCRIPT_FAILED,
                            "action script " + this + " at " + point + ": still runs when the time is up" + output,
                            "a faster script, or a longer --timeout or --stage-timeout");
                }
            }
        } finally {
            if (process.isAlive()) {
                end(process);
            }
        }
        reader.join(OUTPUT_MILLIS); // a child in the background may hold the pipe
        if (process.exitValue() != 0) {
            throw new BatonException(
                    ErrorCode.SCRIPT_FAILED,
                    "action script " + this + " at " + point + ": exit status " + process.exitValue() + output,
                    "see what it printed; without --action-script nothing is run");
        }
    }

    /** Kills a script with all that it has started. What loses its parent becomes ours, for we are a subreaper. */
    private static void end(final Process process) {
        final List<ProcessHandle> all = process.descendants().toList();
        process.destroyForcibly();
        all.forEach(ProcessHandle::destroyForcibly);
        final long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(OUTPUT_MILLIS);
        for (final ProcessHandle one : all) {
            while (System.nanoTime() < until && !isReaped((int) one.pid())) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private static boolean isReaped(final int pid) {
        try {
            return Wait.wait4(pid, Wait.WNOHANG | Wait.WALL).isDead();
        } catch (final LinuxException e) {
            return ProcessHandle.of(pid).isEmpty(); // not ours, or not yet
        }
    }

    private Process start(final ActionPoint point, final ActionContext context) {
        final ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", command)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        final Map<String, String> environment = builder.environment();
        environment.put("CRTOOLS_SCRIPT_ACTION", point.toString());
        environment.put(
                "CRTOOLS_IMAGE_DIR",
                context.images().toAbsolutePath().normalize().toString());
        if (context.root() != 0) {
            environment.put("CRTOOLS_INIT_PID", Integer.toString(context.root()));
        }
        try {
            return builder.start();
        } catch (final IOException e) {
            throw new BatonException(
                    ErrorCode.SCRIPT_FAILED, "action script " + this + " at " + point + ": " + e.getMessage(), "", e);
        }
    }

    /** The command. */
    @Override
    public String toString() {
        return "'" + command + "'";
    }

    /** What a script prints: all of it into the log, its last lines into the error. */
    private static final class Output {
        private final String prefix;
        private final ArrayDeque<String> last = new ArrayDeque<>();

        Output(final String prefix) {
            this.prefix = prefix;
        }

        void readAll(final InputStream stream) {
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    LOG.info("{}{}", prefix, line);
                    keep(line);
                }
            } catch (final IOException e) {
                LOG.debug("{}its output ended: {}", prefix, e.getMessage()); // it was killed
            }
        }

        private synchronized void keep(final String line) {
            if (last.size() == LINES_TOLD) {
                last.removeFirst();
            }
            last.addLast(line);
        }

        @Override
        public synchronized String toString() {
            final StringBuilder text = new StringBuilder();
            last.forEach(
                    line -> text.append(System.lineSeparator()).append("  | ").append(line));
            return text.toString();
        }
    }
}
