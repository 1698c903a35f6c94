package io.baton.coordinator.programs;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.baton.coordinator.TreeSnapshot;
import io.baton.coordinator.Victim;
import io.baton.coordinator.dump.DumpRequest;
import io.baton.coordinator.dump.Finish;
import io.baton.coordinator.dump.TreeDump;
import io.baton.coordinator.error.BatonException;
import io.baton.coordinator.error.ErrorCode;
import io.baton.coordinator.ptrace.Deadline;
import io.baton.coordinator.restore.TreeRestore;
import io.baton.coordinator.state.DumpOptions;
import io.baton.coordinator.state.RestoreOptions;
import io.baton.coordinator.state.TcpOptions;
import io.baton.task.linux.Prctl;
import io.baton.task.linux.Wait;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * One program. A subclass says how it is started and what its client does; the client gives it something to keep before
 * each dump, and looks for all of it after each restore. {@code -Dbaton.programs.cycles=N}.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
abstract class ProgramTest {
    private static final int CYCLES = Integer.getInteger("baton.programs.cycles", 10);
    private static final int SECONDS = 60;
    private static final int MOST_AGAIN = 100;
    private static final long AGAIN_MILLIS = 20;

    /** Its files; whoever it runs as may enter, and make sockets in {@link #shared}. */
    @TempDir
    Path directory = Path.of("");

    /** A free port, of TCP and UDP. */
    final int port = Client.freePort();

    /** Writes the files it needs, and says how it is started: without a directory a word is looked for in PATH. */
    abstract List<String> command() throws Exception;

    /** Returns when it serves; may throw whatever a client throws as long as it does not. */
    abstract void ready() throws Exception;

    /** Gives it something to keep; {@code cycle} counts from 1. */
    abstract void store(int cycle) throws Exception;

    /** Asks for all it was given, until now. */
    abstract void check(int cycle) throws Exception;

    DumpOptions dumpOptions() {
        return DumpOptions.DEFAULT.with(new TcpOptions(false, true, false, true));
    }

    RestoreOptions restoreOptions() {
        return RestoreOptions.DEFAULT.with(TcpOptions.CLOSE);
    }

    @BeforeAll
    static void adoptOrphans() {
        Prctl.setChildSubreaper(true);
    }

    /** A master may start new workers until it is dead itself. */
    @AfterEach
    void endAll() {
        while (ProcessHandle.current().children().findAny().isPresent()) {
            ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
            Wait.wait4(-1, Wait.WALL);
        }
    }

    @Test
    void shouldGoOnWithItsData() throws Exception {
        Path errors = Files.createFile(directory.resolve("errors"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        try {
            Victim victim = Victim.startProgram(errors, environment());
            Victim.await(() -> serves(victim), () -> "it serves");
            for (int cycle = 1; cycle <= CYCLES; cycle++) {
                store(cycle);
                Path images = directory.resolve("images-" + cycle);
                TreeDump.run(
                        new DumpRequest(victim.pid(), images, dumpOptions(), Finish.KILL, Deadline.after(SECONDS)));
                TreeSnapshot.reap();
                restore(images);
                check(cycle);
            }
            assertTrue(victim.isAlive());
        } catch (Exception | AssertionError e) {
            throw new AssertionError(e + "; standard error: " + Files.readString(errors), e);
        }
    }

    /** With an environment like a service's, in its directory. */
    private List<String> environment() throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "/usr/bin/env",
                "-C",
                directory.toString(),
                "PATH=" + Client.PATH,
                "HOME=" + directory,
                "LC_ALL=C.UTF-8",
                "TERM=xterm"));
        List<String> words = command();
        command.add(Client.program(words.get(0)).toString());
        command.addAll(words.subList(1, words.size()));
        return command;
    }

    private boolean serves(Victim victim) {
        assertTrue(victim.isAlive(), "it ends at once");
        try {
            ready();
            return true;
        } catch (Exception | AssertionError e) {
            return false;
        }
    }

    /** While the tree is down its pids are anybody's, for a moment. */
    private void restore(Path images) throws InterruptedException {
        for (int again = 0; ; again++) {
            try {
                TreeRestore.run(images, restoreOptions(), TimeUnit.SECONDS.toNanos(SECONDS));
                return;
            } catch (BatonException e) {
                if (e.code() != ErrorCode.PID_TAKEN || again == MOST_AGAIN) {
                    throw e;
                }
                Thread.sleep(AGAIN_MILLIS);
            }
        }
    }

    /** A file in its directory. */
    final Path write(String name, String... lines) throws Exception {
        return Files.write(directory.resolve(name), List.of(lines));
    }

    /** A directory for whoever it runs as. */
    final Path shared(String name) throws Exception {
        Path made = Files.createDirectory(directory.resolve(name));
        Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxrwxrwx"));
        return made;
    }
}
