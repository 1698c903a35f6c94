package io.baton.task.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(5)
class SpawnerTest {
    @Test
    void shouldGiveTheExitCode() {
        final int pid = new Spawner("/bin/sh", "sh", "-c", "exit 200").spawn();
        final WaitStatus status = Wait.wait4(pid, 0);
        assertEquals(pid, status.pid());
        assertTrue(status.isExited());
        assertTrue(status.isDead());
        assertEquals(200, status.exitCode());
        assertEquals("pid " + pid + " exited with code 200", status.toString());
    }

    @Test
    void shouldGiveTheSignalThatKilled() {
        final int pid = new Spawner("/bin/sleep", "sleep", "100").spawn();
        try (PidFd process = PidFd.open(pid)) {
            assertTrue(Wait.wait4(pid, Wait.WNOHANG).isNone());
            assertTrue(process.signal(9));
            final WaitStatus seen = process.await(Wait.WEXITED | Wait.WNOWAIT);
            assertTrue(seen.isSignaled());
            assertEquals(9, seen.termSignal());
            assertTrue(process.signal(0), "a zombie still takes signals");
            assertEquals(seen, Wait.wait4(pid, 0));
            assertFalse(process.signal(0));
            assertFalse(seen.isStopped() || seen.isExited() || seen.isContinued() || seen.isCoreDumped());
        }
        assertThrows(VanishedException.class, () -> PidFd.open(pid));
        assertEquals(
                Errno.ECHILD,
                assertThrows(LinuxException.class, () -> Wait.wait4(pid, 0)).errno());
    }

    @Test
    void shouldTellOfStopAndContinue() {
        final int pid = new Spawner("/bin/sleep", "sleep", "100").spawn();
        try (PidFd process = PidFd.open(pid)) {
            process.signal(19);
            final WaitStatus stopped = Wait.wait4(pid, Wait.WUNTRACED);
            assertTrue(stopped.isStopped());
            assertEquals(19, stopped.stopSignal());
            assertEquals(0, stopped.event());
            process.signal(18);
            assertTrue(process.await(Wait.WCONTINUED).isContinued());
            process.signal(9);
            assertTrue(process.await(Wait.WEXITED).isSignaled());
        }
    }

    @Test
    void shouldPassChosenDescriptorsAndCloseTheRest() {
        try (MemFd file = MemFd.create("out", 4096)) {
            final String script = "for n in 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$n ] && echo $n; done; echo $GREETING";
            final int pid = new Spawner("/bin/sh", "sh", "-c", script)
                    .variable("GREETING", "hello")
                    .dup(file.fd().number(), 1)
                    .closeFrom(3)
                    .spawn();
            assertEquals(0, Wait.wait4(pid, 0).exitCode());
            try (Mapping text = file.map()) {
                assertEquals("hello\n", Memory.readCString(text.buffer(), 0, 100));
            }
        }
    }

    @Test
    void shouldKeepADescriptorOpenUnderItsOwnNumber() {
        try (MemFd file = MemFd.create("same", 4096)) {
            final int number = file.fd().number();
            final int pid = new Spawner("/bin/sh", "sh", "-c", "echo x > /proc/self/fd/" + number)
                    .dup(number, number)
                    .closeFrom(number + 1)
                    .spawn();
            assertEquals(0, Wait.wait4(pid, 0).exitCode());
            try (Mapping text = file.map()) {
                assertEquals("x\n", Memory.readCString(text.buffer(), 0, 10));
            }
        }
    }

    @Test
    void shouldLeadASessionOrGroup() {
        final int group =
                new Spawner("/bin/sleep", "sleep", "100").processGroup(0).spawn();
        final int session =
                new Spawner("/bin/sleep", "sleep", "100").newSession().spawn();
        assertEquals(group, SystemCall.call(SyscallNumber.GETPGID, group));
        assertEquals(session, SystemCall.call(SyscallNumber.GETSID, session));
        for (final int pid : new int[] {group, session}) {
            SystemCall.call(SyscallNumber.KILL, pid, 9);
            assertEquals(9, Wait.wait4(pid, 0).termSignal());
        }
    }

    @Test
    void shouldSayWhatFailed() {
        final LinuxException e = assertThrows(LinuxException.class, () -> new Spawner("/nosuch", "nosuch").spawn());
        assertEquals("posix_spawn", e.call());
        assertEquals(Errno.ENOENT, e.errno());
        assertEquals("/nosuch", e.detail());
    }

    @Test
    void shouldFetchADescriptorOfTheChild() {
        try (MemFd file = MemFd.create("theirs", 4096)) {
            final int pid = new Spawner("/bin/sleep", "sleep", "100")
                    .dup(file.fd().number(), 7)
                    .spawn();
            try (PidFd process = PidFd.open(pid);
                    Fd fetched = process.fetch(7)) {
                assertTrue(fetched.number() != file.fd().number());
                assertEquals(
                        Errno.EBADF,
                        assertThrows(LinuxException.class, () -> process.fetch(99))
                                .errno());
                process.signal(9);
                process.await(Wait.WEXITED);
            }
        }
    }
}
