package io.baton.coordinator.state;

import io.baton.task.linux.ProcFs;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * A program run by a shell that waits for it. Not a child of this JVM: its reaper thread would take the stops of a task
 * that another thread traces.
 */
public final class Grandchild implements AutoCloseable {
    private final Process shell;
    private final int pid;

    private Grandchild(Process shell, int pid) {
        this.shell = shell;
        this.pid = pid;
    }

    /** Starts a shell command line and waits until it sleeps. */
    public static Grandchild start(String command) throws IOException, InterruptedException {
        Process shell = new ProcessBuilder(
                        "sh", "-c", "exec 3>&1; { exec " + command + " >&- 3>&-; } & echo $! >&3; wait $!")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String line =
                new BufferedReader(new InputStreamReader(shell.getInputStream(), StandardCharsets.US_ASCII)).readLine();
        Grandchild child = new Grandchild(shell, Integer.parseInt(line));
        String name = command.substring(0, command.indexOf(' '));
        try (ProcFs proc = new ProcFs()) {
            while (!proc.stat(child.pid).comm().equals(name.substring(name.lastIndexOf('/') + 1))
                    || proc.stat(child.pid).state() != 'S') {
                Thread.sleep(1);
            }
        }
        return child;
    }

    public int pid() {
        return pid;
    }

    /** Waits until it ends; 128 and the signal if it dies of one. */
    public int exitCode() throws InterruptedException {
        return shell.waitFor();
    }

    @Override
    public void close() {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        shell.destroyForcibly();
    }
}
