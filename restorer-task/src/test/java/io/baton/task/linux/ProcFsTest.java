package io.baton.task.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(5)
class ProcFsTest {
    private final ProcFs proc = new ProcFs();
    private final int self = Identity.pid();

    @AfterEach
    void close() {
        proc.close();
    }

    @Test
    void shouldReadStat() {
        try (Child child = Child.sleeping()) {
            final ProcStat stat = proc.stat(child.pid());
            assertEquals(child.pid(), stat.pid());
            assertEquals("sleep", stat.comm());
            assertEquals('S', stat.state());
            assertEquals(self, stat.parent());
            assertEquals(Identity.processGroup(child.pid()), stat.processGroup());
            assertEquals(Identity.session(0), stat.session());
            assertEquals(Scheduling.nice(child.pid()), stat.nice());
            assertEquals(1, stat.threads());
            assertEquals(Signals.SIGCHLD, stat.exitSignal());
            assertTrue(stat.startTime() > 0);
            assertTrue(stat.startCode() < stat.endCode());
            assertTrue(stat.startData() < stat.endData() && stat.endData() <= stat.startBrk());
            assertTrue(stat.startStack() < stat.startArguments());
            assertTrue(stat.startArguments() < stat.endArguments());
            assertTrue(stat.startEnvironment() <= stat.endEnvironment());
            assertEquals("sleep\u0000100\u0000", new String(proc.read(child.pid(), "cmdline"), StandardCharsets.UTF_8));
            assertEquals(10, stat.endArguments() - stat.startArguments());
            assertEquals(stat.toString(), proc.stat(child.pid(), child.pid()).toString());
        }
    }

    @Test
    void shouldReadStatOfATaskWithAnUglyName() {
        final String before = Prctl.name();
        try {
            for (final String name : List.of("a) R (1 2 3", ") (", "x\ny", "(((", ")))")) {
                Prctl.setName(name);
                final ProcStat stat = proc.stat(self, Identity.tid());
                assertEquals(name, stat.comm());
                assertEquals('R', stat.state());
                assertEquals(Identity.parent(), stat.parent());
                assertEquals(name, Prctl.name());
            }
        } finally {
            Prctl.setName(before);
        }
    }

    @Test
    void shouldTellAZombieAndItsExitCode() {
        try (Child child = Child.shell("exit 3")) {
            ProcStat stat = proc.stat(child.pid());
            while (!stat.isZombie()) {
                stat = proc.stat(child.pid());
            }
            assertEquals(3, new WaitStatus(child.pid(), stat.exitCode()).exitCode());
            assertTrue(proc.maps(child.pid()).isEmpty());
        }
    }

    @Test
    void shouldReadStatus() {
        final ProcStatus status = proc.status(self, Identity.tid());
        assertEquals(Identity.tid(), status.pid());
        assertEquals(self, status.tgid());
        assertEquals(Identity.parent(), status.parent());
        assertEquals(0, status.tracer());
        assertEquals(Identity.uid(), status.uid().real());
        assertEquals(Identity.uid(), status.gid().fileSystem());
        assertEquals('R', status.state());
        assertEquals(Prctl.name(), status.name());
        assertTrue(status.threads() > 1);
        final Capabilities capabilities = Capabilities.of(0);
        assertEquals(capabilities.effective(), status.capabilities().effective());
        assertEquals(capabilities.permitted(), status.capabilities().permitted());
        assertEquals(capabilities.inheritable(), status.capabilities().inheritable());
        assertEquals(
                Identity.tid(),
                status.namespaced().pid().get(status.namespaced().pid().size() - 1));
        assertEquals(1, status.namespaced().session().size());
        assertTrue((status.signals().caught() & Signals.bit(Signals.SIGSEGV)) != 0, "the JVM catches it");
        assertEquals(0, status.seccompMode());
        assertFalse(status.noNewPrivileges());
    }

    @Test
    void shouldReadMasksOfAChild() {
        try (Child child =
                Child.shell("umask 027; trap '' USR1; trap : USR2; echo > /dev/null; while :; do sleep 50; done")) {
            while (proc.children(child.pid(), child.pid()).length == 0) {
                Thread.onSpinWait();
            }
            final int grandchild = proc.children(child.pid(), child.pid())[0];
            final ProcStatus status = proc.status(child.pid());
            assertEquals(0027, status.umask());
            assertEquals(Signals.bit(Signals.SIGUSR1), status.signals().ignored());
            assertTrue((status.signals().caught() & Signals.bit(Signals.SIGUSR2)) != 0);
            assertEquals(0, status.signals().pending());
            assertEquals(child.pid(), proc.stat(grandchild).parent());
            Signals.kill(grandchild, Signals.SIGKILL);
        }
    }

    @Test
    void shouldReadMaps() {
        try (MemFd file = MemFd.create("mapped \u00e9", 12288);
                Mapping mapping = Mapping.map(
                        0,
                        8192,
                        Mapping.PROT_READ,
                        Mapping.MAP_SHARED,
                        file.fd().number(),
                        4096)) {
            final ProcMap map = find(proc.maps(self), mapping.address());
            assertEquals(8192, map.length());
            assertEquals(Mapping.PROT_READ, map.protection());
            assertTrue(map.shared());
            assertEquals(4096, map.offset());
            final FileStatus status = Files.status(file.fd().number());
            assertEquals(status.ino(), map.inode());
            assertEquals(status.dev(), map.device());
            assertEquals("/memfd:mapped \u00e9 (deleted)", map.path());
            assertTrue(map.isDeleted());
            assertFalse(map.isAnonymous());
            assertEquals(map.path(), proc.readLink(self, "map_files/" + map.mapFile()));
        }
        final List<ProcMap> maps = proc.maps(self);
        assertTrue(maps.stream().anyMatch(map -> map.path().equals("[vdso]") && map.isAnonymous()));
        for (int i = 1; i < maps.size(); i++) {
            assertTrue(Long.compareUnsigned(maps.get(i - 1).end(), maps.get(i).start()) <= 0);
        }
    }

    @Test
    void shouldReadSmaps() {
        try (Child child = Child.sleeping();
                Mapping mapping = Mapping.anonymous(16384)) {
            mapping.protect(Mapping.PROT_READ | Mapping.PROT_WRITE);
            final List<ProcMap> maps = proc.maps(child.pid());
            final List<ProcSmap> smaps = proc.smaps(child.pid());
            assertEquals(maps, smaps.stream().map(ProcSmap::map).toList());
            final ProcSmap stack = smaps.stream()
                    .filter(map -> map.map().path().equals("[stack]"))
                    .findFirst()
                    .orElseThrow();
            assertTrue(stack.has("gd") && stack.has("rd") && stack.has("wr"), stack.flags());
            assertFalse(stack.has("ex"));
            assertTrue(stack.resident() >= 4096 && stack.anonymous() >= 4096 && stack.swapped() == 0);
        }
    }

    @Test
    void shouldReadFdInfo() {
        final Fd event = Fd.own((int) SystemCall.call(SyscallNumber.EVENTFD2, 0x1f, Files.O_CLOEXEC));
        try (MemFd file = MemFd.create("info", 4096)) {
            final int fd = file.fd().number();
            Files.seek(fd, 123, 0);
            final ProcFdInfo info = proc.fdInfo(self, fd);
            assertEquals(123, info.position());
            assertEquals(Files.O_RDWR | Files.O_CLOEXEC, info.flags() & ~Files.O_LARGEFILE);
            assertEquals(Files.mountId(fd), info.mountId());
            assertEquals(Files.status(fd).ino(), info.inode());
            assertNull(info.value("eventfd-count"));
            assertThrows(IllegalArgumentException.class, () -> info.number("eventfd-count", 16));
            assertEquals(0x1f, proc.fdInfo(self, event.number()).number("eventfd-count", 16));
            assertTrue(Arrays.binarySearch(proc.descriptors(self), fd) >= 0);
        } finally {
            event.close();
        }
    }

    @Test
    void shouldReadTimers() {
        try (Memory sigevent = Memory.allocate(64);
                Memory id = Memory.allocate(16)) {
            sigevent.buffer().putLong(0, 0x1234_5678_9abcL);
            sigevent.buffer().putInt(8, Signals.SIGUSR2);
            sigevent.buffer().putInt(12, ProcTimer.SIGEV_SIGNAL | ProcTimer.SIGEV_THREAD_ID);
            sigevent.buffer().putInt(16, Identity.tid());
            final long made = SystemCall.call(SyscallNumber.TIMER_CREATE, 1, sigevent.address(), id.address());
            SystemCall.check(made, SyscallNumber.TIMER_CREATE);
            final int timer = id.buffer().getInt(0);
            final ProcTimer expected = new ProcTimer(
                    timer, Signals.SIGUSR2, 0x1234_5678_9abcL, ProcTimer.SIGEV_THREAD_ID, Identity.tid(), 1);
            assertTrue(
                    proc.timers(self).contains(expected),
                    () -> proc.timers(self).toString());
            SystemCall.check(SystemCall.call(SyscallNumber.TIMER_DELETE, timer), SyscallNumber.TIMER_DELETE);
            assertFalse(proc.timers(self).contains(expected));
        }
    }

    @Test
    void shouldListProcessesAndThreads() {
        try (Child child = Child.sleeping()) {
            assertArrayEquals(new int[] {child.pid()}, proc.threads(child.pid()));
            assertTrue(Arrays.binarySearch(proc.threads(self), Identity.tid()) >= 0);
            assertTrue(Arrays.binarySearch(proc.processes(), child.pid()) >= 0);
            assertTrue(proc.readLink(child.pid(), "exe").endsWith("/sleep"));
            assertEquals(0, proc.readNumber(child.pid(), "oom_score_adj"));
            assertEquals("sleep", proc.readText(child.pid(), "comm"));
        }
    }

    @Test
    void shouldSayThatAProcessVanished() {
        final int pid;
        try (Child child = Child.sleeping()) {
            pid = child.pid();
        }
        assertThrows(VanishedException.class, () -> proc.stat(pid));
        assertThrows(VanishedException.class, () -> proc.status(pid, pid));
        assertThrows(VanishedException.class, () -> proc.threads(pid));
        assertThrows(VanishedException.class, () -> proc.readLink(pid, "exe"));
        assertEquals(
                "/proc/" + pid + "/maps",
                assertThrows(VanishedException.class, () -> proc.maps(pid)).detail());
    }

    private static ProcMap find(final List<ProcMap> maps, final long address) {
        return maps.stream().filter(map -> map.start() == address).findFirst().orElseThrow();
    }
}
